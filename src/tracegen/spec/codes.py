"""Codes of problems with the form of a spec; those of its meaning stand beside their rules."""

from tracegen.problems import Code, Severity

UNKNOWN_KEY = Code("TG110", "Unknown key")
MISSING_KEY = Code("TG111", "Missing key")
WRONG_TYPE = Code("TG112", "Wrong type")
WRONG_CHOICE = Code("TG113", "Not one of the choices")
WRONG_FORM = Code("TG114", "Wrong form")
MEANINGLESS_KEY = Code("TG115", "Key without a meaning here")
EMPTY_VALUE = Code("TG116", "Empty value")
REMOVES_NOTHING = Code("TG117", "Layer removes what is not there", Severity.WARNING)
NOT_ACCEPTABLE = Code("TG118", "Cannot be accepted")
ACCEPTS_NOTHING = Code("TG119", "Accepts what is not found", Severity.WARNING)
DEFINED_TWICE = Code("TG120", "Service in two files")
LITERAL_SECRET = Code("TG601", "Secret written in the spec")

#: Said of an empty value, by whoever finds it.
NO_VALUE = "there is no value"
GIVE_IT_A_VALUE = "give it a value, or delete the line to get the default"
