package example;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The services that this one calls, each by the variable that holds its base address. */
final class Callees {
  static final String PATH_HEADER = "x-example-path";

  /** Sends a GET; gives the status, or 0 when nobody answered. */
  interface Client {
    int get(String url, String path);
  }

  private Callees() {}

  /** Calls each callee that is not on the path of services already, so that a cycle ends. */
  static Map<String, Integer> call(Client client, String cameBy) {
    String path = cameBy.isBlank() ? Settings.NAME : cameBy + "," + Settings.NAME;
    List<String> visited = Settings.split(path);
    Map<String, Integer> statuses = new LinkedHashMap<>();
    for (String variable : Settings.split(Settings.text("EXAMPLE_CALLS", ""))) {
      if (!visited.contains(service(variable))) {
        statuses.put(variable, client.get(Settings.text(variable, "") + "/", path));
      }
    }
    return statuses;
  }

  static boolean allAnswered(Map<String, Integer> statuses) {
    return statuses.values().stream().allMatch(status -> status / 100 == 2);
  }

  private static String service(String variable) {
    return variable.replaceFirst("_URL$", "").toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
