"""The kinds of problem a file can have before anybody asks what it means."""

from tracegen.problems import Code

SYNTAX = Code("TG101", "not valid YAML")
DUPLICATE_KEY = Code("TG102", "duplicate key")
TOO_LARGE = Code("TG103", "too large or too deep")
NOT_TEXT = Code("TG104", "not a UTF-8 text file")
NOT_A_MAPPING = Code("TG105", "not one mapping of keys")
NOT_ALLOWED = Code("TG106", "YAML feature not allowed")
INCLUDE = Code("TG107", "include cannot be followed")
UNREADABLE = Code("TG108", "file cannot be read")
OTHER_KIND = Code("TG109", "file of another kind")

#: Every code of this stage, for the documentation and the test that holds it.
ALL = (SYNTAX, DUPLICATE_KEY, TOO_LARGE, NOT_TEXT, NOT_A_MAPPING, NOT_ALLOWED, INCLUDE, UNREADABLE, OTHER_KIND)
