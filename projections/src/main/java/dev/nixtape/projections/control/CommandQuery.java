package dev.nixtape.projections.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.During;
import dev.nixtape.projections.Parameters;
import java.net.URLEncoder;
import java.util.Map;
import java.util.Optional;

/// Which commands somebody asks for.
///
/// @param during when they were put on record
/// @param host only to this host
/// @param build only to builds whose id begins so
public record CommandQuery(During during, Optional<String> host, Optional<String> build) {

  /// Whether it is one of those, if it is of that time.
  public boolean matches(CommandView view) {
    return host.map(view.command().host()::equals).orElse(true)
        && build.map(view.command().target().build()::startsWith).orElse(true);
  }

  /// As parameters of a URL, without the question mark.
  public String toParameters() {
    return during.toParameters()
        + host.map(h -> "&host=" + URLEncoder.encode(h, UTF_8)).orElse("")
        + build.map(b -> "&build=" + URLEncoder.encode(b, UTF_8)).orElse("");
  }

  /// Reads parameters. Throws `IllegalArgumentException` that names the bad one.
  public static CommandQuery of(Map<String, String> parameters) {
    Parameters asked = During.parameters(parameters, "host", "build");
    return new CommandQuery(During.of(asked), asked.text("host"), asked.text("build"));
  }
}
