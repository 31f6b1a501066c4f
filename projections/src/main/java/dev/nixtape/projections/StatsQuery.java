package dev.nixtape.projections;

import dev.nixtape.projections.Build.Kind;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Which totals somebody asks for.
///
/// @param during of what finished when, and whose days, weeks and months
/// @param bucket a row for each period
/// @param names only of these derivations: only of builds, substitutions and copies
/// @param group a row for each package
/// @param test with a test of each row against the period before
/// @param limit rows at most, of groups
public record StatsQuery(
    During during,
    Optional<Bucket> bucket,
    Optional<NameFilter> names,
    Optional<Kind> kind,
    boolean group,
    boolean test,
    Sort sort,
    long limit) {

  /// By which figure groups are sorted: the greatest first, names from A to Z.
  public enum Sort {
    TOTAL,
    COUNT,
    MEAN,
    P95,
    MAX,
    NAME,
    LAST
  }

  public StatsQuery {
    if (test && bucket.isEmpty() && during.span().isEmpty()) {
      throw new IllegalArgumentException(
          "test: needs a period (since and until) to compare with the one before it, or buckets");
    }
    if (limit < 0) {
      throw new IllegalArgumentException("limit: a number from 0 on, not " + limit);
    }
  }

  /// Whether names matter: then samples are read, else sums are enough.
  public boolean isByName() {
    return names.isPresent() || group;
  }

  /// The kinds that have names which come again.
  public static boolean isNamed(Kind kind) {
    return kind == Kind.BUILD || kind == Kind.SUBSTITUTE || kind == Kind.COPY;
  }

  /// The same question of the period before, which a test without buckets compares with; none for
  /// other questions.
  public Optional<StatsQuery> before() {
    if (!test || bucket.isPresent()) {
      return Optional.empty();
    }
    return during
        .span()
        .map(span ->
            new StatsQuery(
                During.of(span.before(), during.zone()),
                bucket,
                names,
                kind,
                group,
                false,
                sort,
                limit));
  }

  /// As parameters of a URL, without the question mark.
  public String toParameters() {
    Map<String, String> parameters = new LinkedHashMap<>();
    bucket.ifPresent(b -> parameters.put("bucket", b.name().toLowerCase(Locale.ROOT)));
    names.ifPresent(n -> {
      parameters.put("drv", n.text());
      parameters.put("regex", Boolean.toString(n.regex()));
    });
    kind.ifPresent(k -> parameters.put("kind", k.json()));
    parameters.put("group", Boolean.toString(group));
    parameters.put("test", Boolean.toString(test));
    parameters.put("sort", sort.name().toLowerCase(Locale.ROOT));
    if (limit != Long.MAX_VALUE) {
      parameters.put("limit", Long.toString(limit));
    }
    return during.toParameters() + "&" + Parameters.write(parameters);
  }

  /// Reads parameters. Throws `IllegalArgumentException` that names the bad one.
  public static StatsQuery of(Map<String, String> parameters) {
    Parameters asked =
        During.parameters(
            parameters, "bucket", "drv", "regex", "kind", "group", "test", "sort", "limit");
    boolean regex = asked.flag("regex");
    return new StatsQuery(
        During.of(asked),
        asked.constant(Bucket.class, "bucket"),
        asked.text("drv").map(text -> new NameFilter(text, regex)),
        asked.constant(Kind.class, "kind"),
        asked.flag("group"),
        asked.flag("test"),
        asked.constant(Sort.class, "sort").orElse(Sort.TOTAL),
        asked.number("limit").orElse(Long.MAX_VALUE));
  }
}
