package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.MappingIterator;
import dev.nixtape.projections.Behind;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.Caches.Rebuilds;
import dev.nixtape.projections.During;
import dev.nixtape.projections.FlakyBuild;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.Rfc3339;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.StatsQuery;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.Trend;
import dev.nixtape.projections.TrendQuery;
import dev.nixtape.projections.control.CommandQuery;
import dev.nixtape.projections.control.CommandView;
import dev.nixtape.projections.derivations.KnownDerivation;
import dev.nixtape.projections.derivations.Node;
import dev.nixtape.projections.history.Dimension;
import dev.nixtape.projections.history.Past;
import dev.nixtape.projections.hosts.HostState;
import dev.nixtape.projections.operations.Waiting.Longest;
import dev.nixtape.projections.trends.Tests;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.kafka.streams.state.HostInfo;

/// The part of another instance, asked over HTTP at the paths that `Questions` serves below
/// `/v1/part/`.
final class RemotePart implements Part {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final HostInfo instance;
  private final Optional<Guarded> guarded;

  /// @param guarded what all instances ask of each other
  RemotePart(HostInfo instance, Optional<Guarded> guarded) {
    this.instance = instance;
    this.guarded = guarded;
  }

  @Override
  public List<Build> live(BuildQuery query) throws IOException {
    return list("live?" + query.toParameters(), Build.class);
  }

  @Override
  public Stream<Build> finished(BuildQuery query) throws IOException {
    return stream("finished?" + query.toParameters(), Build.class);
  }

  @Override
  public List<Build> finishedById(String prefix) throws IOException {
    return list("finished/" + prefix, Build.class);
  }

  @Override
  public List<Build> built(Collection<String> drvPaths, Instant since) throws IOException {
    return list("built?since=" + Rfc3339.write(since) + "&" + paths(drvPaths), Build.class);
  }

  @Override
  public List<Session> openSessions() throws IOException {
    return list("sessions/open", Session.class);
  }

  @Override
  public Stream<Session> endedSessions() throws IOException {
    return stream("sessions/ended", Session.class);
  }

  @Override
  public List<NameHistory> names() throws IOException {
    return list("names", NameHistory.class);
  }

  @Override
  public List<Past.Sum> sums(StatsQuery query) throws IOException {
    return list("sums?" + query.toParameters(), Past.Sum.class);
  }

  @Override
  public List<Past.Times> times(StatsQuery query) throws IOException {
    return list("times?" + query.toParameters(), Past.Times.class);
  }

  @Override
  public Stream<Build> failed(During during) throws IOException {
    return stream("failed?" + during.toParameters(), Build.class);
  }

  @Override
  public List<FlakyBuild> flaky(During during) throws IOException {
    return list("flaky?" + during.toParameters(), FlakyBuild.class);
  }

  @Override
  public List<Past.Sum> slices(Build.Kind kind, Dimension dimension, During during)
      throws IOException {
    return list(
        "slices?kind=%s&dimension=%s&%s".formatted(kind, dimension, during.toParameters()),
        Past.Sum.class);
  }

  @Override
  public List<Past.Sum> days(Dimension dimension, During during) throws IOException {
    return list("days?dimension=%s&%s".formatted(dimension, during.toParameters()), Past.Sum.class);
  }

  @Override
  public Rebuilds rebuilds(During during) throws IOException {
    return list("rebuilds?" + during.toParameters(), Rebuilds.class).getFirst();
  }

  @Override
  public Longest longestWaits(During during) throws IOException {
    return list("waits?" + during.toParameters(), Longest.class).getFirst();
  }

  @Override
  public List<Trend.Point> points(TrendQuery query) throws IOException {
    return list("trend/" + query.toPath(), Trend.Point.class);
  }

  @Override
  public Tests tests(TimeSpan span) throws IOException {
    return Tests.of(list("regressions?" + span.toParameters(), Tests.class));
  }

  @Override
  public List<HostView> hosts() throws IOException {
    return list("hosts", HostView.class);
  }

  @Override
  public List<HostState> using() throws IOException {
    return list("using", HostState.class);
  }

  @Override
  public Stream<CommandView> commands(CommandQuery query) throws IOException {
    return stream("commands?" + query.toParameters(), CommandView.class);
  }

  @Override
  public List<CommandView> command(UUID id) throws IOException {
    return list("command/" + id, CommandView.class);
  }

  @Override
  public List<Node> nodes(Collection<String> drvPaths) throws IOException {
    return list("nodes?" + paths(drvPaths), Node.class);
  }

  @Override
  public List<KnownDerivation> derivations(Collection<String> drvPaths) throws IOException {
    return list("derivations?" + paths(drvPaths), KnownDerivation.class);
  }

  /// No store path has a comma.
  private static String paths(Collection<String> drvPaths) {
    return "paths=" + URLEncoder.encode(String.join(",", drvPaths), UTF_8);
  }

  @Override
  public Behind behind() throws IOException {
    return list("behind", Behind.class).stream().reduce(Behind.NOTHING, Behind::plus);
  }

  private <T> List<T> list(String path, Class<T> type) throws IOException {
    try (Stream<T> all = stream(path, type)) {
      return all.toList();
    }
  }

  private <T> Stream<T> stream(String path, Class<T> type) throws IOException {
    URI address =
        URI.create(
            "%s://%s:%d/v1/part/%s"
                .formatted(
                    guarded.isPresent() ? "https" : "http",
                    instance.host(),
                    instance.port(),
                    path));
    HttpURLConnection connection =
        guarded.isPresent()
            ? guarded.get().open(address)
            : (HttpURLConnection) address.toURL().openConnection();
    connection.setConnectTimeout((int) PATIENCE.toMillis());
    connection.setReadTimeout((int) PATIENCE.toMillis());
    try {
      InputStream answer = connection.getInputStream();
      MappingIterator<T> values = Json.MAPPER.readerFor(type).readValues(answer);
      return StreamSupport.stream(
              Spliterators.spliteratorUnknownSize(
                  values, Spliterator.ORDERED | Spliterator.NONNULL),
              false)
          .onClose(() -> close(answer));
    } catch (IOException e) {
      throw new IOException(
          "the instance at %s:%d, which holds a part of the answer, does not give it: %s"
              .formatted(instance.host(), instance.port(), e.getMessage()),
          e);
    }
  }

  private static void close(InputStream answer) {
    try {
      answer.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
