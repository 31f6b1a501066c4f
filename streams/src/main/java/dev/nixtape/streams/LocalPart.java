package dev.nixtape.streams;

import dev.nixtape.projections.Behind;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.Caches.Rebuilds;
import dev.nixtape.projections.During;
import dev.nixtape.projections.FlakyBuild;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.StatsQuery;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.Trend;
import dev.nixtape.projections.TrendQuery;
import dev.nixtape.projections.control.Audit;
import dev.nixtape.projections.control.CommandQuery;
import dev.nixtape.projections.control.CommandView;
import dev.nixtape.projections.derivations.KnownDerivation;
import dev.nixtape.projections.derivations.Node;
import dev.nixtape.projections.derivations.Shelf;
import dev.nixtape.projections.fold.HostTotals;
import dev.nixtape.projections.fold.Memory;
import dev.nixtape.projections.history.Dimension;
import dev.nixtape.projections.history.History;
import dev.nixtape.projections.history.Past;
import dev.nixtape.projections.hosts.Dispatched;
import dev.nixtape.projections.hosts.HostState;
import dev.nixtape.projections.nix.StorePath;
import dev.nixtape.projections.operations.CacheUse;
import dev.nixtape.projections.operations.Flakiness;
import dev.nixtape.projections.operations.Waiting;
import dev.nixtape.projections.operations.Waiting.Longest;
import dev.nixtape.projections.tape.Topic;
import dev.nixtape.projections.trends.Comparing;
import dev.nixtape.projections.trends.Tests;
import dev.nixtape.projections.trends.Trending;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/// The stores of this process. While they move or are restored, reading them throws
/// `InvalidStateStoreException`.
final class LocalPart implements Part {
  /// Sorts behind everything that begins with the prefix before it: no UTF-8 of a real character is
  /// greater.
  private static final String LAST = "\uffff";

  /// Later than any fact.
  private static final Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");

  private final PartitionStores stores;
  private final LiveView live;
  private final Unfolded unfolded;

  LocalPart(PartitionStores stores, LiveView live, Unfolded unfolded) {
    this.stores = stores;
    this.live = live;
    this.unfolded = unfolded;
  }

  @Override
  public List<Build> live(BuildQuery query) {
    stores.requireReady();
    return List.copyOf(live.of(query.endedKinds()));
  }

  @Override
  public Stream<Build> finished(BuildQuery query) {
    return merged(
        stores(HistoryTopology.STORE, Topic.BUILDS),
        store -> finished(store, query),
        Comparator.comparing(Build::endedAt).reversed());
  }

  private static Stream<Build> finished(
      ReadOnlyKeyValueStore<String, byte[]> store, BuildQuery query) {
    if (query.name().isPresent()) {
      String names = History.nameKey(query.name().get());
      boolean known = store.get(History.NAMES + query.name().get()) != null;
      if (known) {
        return pointed(store, store.reverseRange(names, names + LAST))
            .filter(query::matches)
            .gather(together(store));
      }
    }
    String since = History.timeKey(query.since().orElse(Instant.EPOCH));
    return merged(
        List.copyOf(query.endedKinds()),
        kind -> {
          Stream<Build> facts =
              stream(
                      store.reverseRange(
                          History.factKey(kind) + since, History.factKey(kind) + LAST))
                  .map(entry -> BuildJson.read(entry.value))
                  .filter(query::matches);
          return kind == Build.Kind.BUILD ? facts.gather(together(store)) : facts;
        },
        Comparator.comparing(Build::endedAt).reversed());
  }

  /// A build that was sent to another machine is one with that machine's account of it, which is in
  /// the same store: all that has one name is.
  private static Gatherer<Build, ?, Build> together(ReadOnlyKeyValueStore<String, byte[]> store) {
    return Dispatched.together(sent ->
        built(
            store,
            String.valueOf(sent.drvPath()),
            sent.startedAt().minus(Dispatched.SKEW),
            sent.endedAt().plus(Dispatched.SKEW)));
  }

  private static List<Build> built(
      ReadOnlyKeyValueStore<String, byte[]> store, String drvPath, Instant since, Instant until) {
    String names = History.nameKey(StorePath.name(drvPath));
    try (Stream<Build> builds =
        pointed(
            store,
            store.range(names + History.timeKey(since), names + History.timeKey(until) + LAST))) {
      return builds.filter(build -> drvPath.equals(build.drvPath())).toList();
    }
  }

  /// The facts to which entries point.
  private static Stream<Build> pointed(
      ReadOnlyKeyValueStore<String, byte[]> store, KeyValueIterator<String, byte[]> pointers) {
    return stream(pointers)
        .flatMap(entry ->
            Optional.ofNullable(
                store.get(new String(entry.value, java.nio.charset.StandardCharsets.UTF_8)))
                .stream())
        .map(fact -> BuildJson.read(fact));
  }

  @Override
  public List<Build> built(Collection<String> drvPaths, Instant since) {
    List<Build> built = new ArrayList<>();
    for (var store : stores(HistoryTopology.STORE, Topic.BUILDS)) {
      for (String drvPath : drvPaths) {
        built.addAll(built(store, drvPath, since, LATEST));
      }
    }
    return built;
  }

  @Override
  public List<Build> finishedById(String prefix) {
    List<Build> found = new ArrayList<>();
    for (var store : stores(HistoryTopology.STORE, Topic.BUILDS)) {
      for (String key :
          values(
              store,
              History.ID + prefix,
              value -> new String(value, java.nio.charset.StandardCharsets.UTF_8))) {
        byte[] fact = store.get(key);
        if (fact != null) {
          found.add(BuildJson.read(fact));
        }
      }
    }
    return found;
  }

  @Override
  public List<Session> openSessions() {
    stores.requireReady();
    return live.sessions();
  }

  @Override
  public Stream<Session> endedSessions() {
    return merged(
        stores(LiveTopology.STORE, Topic.LOG),
        store ->
            stream(store.reverseRange(Memory.ENDED, Memory.ENDED + LAST))
                .map(entry -> Memory.endedSession(entry.value)),
        Comparator.comparing(Session::openedAt).reversed());
  }

  @Override
  public List<NameHistory> names() {
    return all(
        HistoryTopology.STORE,
        Topic.BUILDS,
        History.NAMES,
        value -> Json.read(value, NameHistory.class));
  }

  @Override
  public List<Past.Sum> sums(StatsQuery query) {
    return pasts().stream().flatMap(past -> past.sums(query).stream()).toList();
  }

  @Override
  public List<Past.Times> times(StatsQuery query) {
    return pasts().stream().flatMap(past -> past.times(query).stream()).toList();
  }

  @Override
  public Stream<Build> failed(During during) {
    return merged(
        pasts(), past -> past.failed(during), Comparator.comparing(Build::endedAt).reversed());
  }

  @Override
  public List<FlakyBuild> flaky(During during) {
    return pasts().stream()
        .flatMap(
            past -> Flakiness.of(past.failed(during), name -> past.builds(name, during)).stream())
        .toList();
  }

  @Override
  public List<Past.Sum> slices(Build.Kind kind, Dimension dimension, During during) {
    return pasts().stream().flatMap(past -> past.slices(kind, dimension, during).stream()).toList();
  }

  @Override
  public List<Past.Sum> days(Dimension dimension, During during) {
    return pasts().stream().flatMap(past -> past.slices(dimension, during).stream()).toList();
  }

  @Override
  public Rebuilds rebuilds(During during) {
    return CacheUse.merged(
        pasts().stream()
            .map(
                past -> CacheUse.rebuilds(past.facts(Build.Kind.BUILD, during), past::servedBefore))
            .toList());
  }

  @Override
  public Longest longestWaits(During during) {
    return Longest.of(
        pasts().stream()
            .map(past -> Waiting.longest(past.facts(Build.Kind.WAIT, during)))
            .toList());
  }

  @Override
  public List<Trend.Point> points(TrendQuery query) {
    return pasts().stream().flatMap(past -> Trending.points(past, query).stream()).toList();
  }

  @Override
  public Tests tests(TimeSpan span) {
    return Tests.of(pasts().stream().map(past -> Comparing.of(past, span)).toList());
  }

  /// The histories of the partitions that are here.
  private List<Past> pasts() {
    List<Past> pasts = new ArrayList<>();
    storesByPartition(HistoryTopology.STORE, Topic.BUILDS)
        .forEach((partition, store) ->
            pasts.add(
                live.history(partition)
                    .orElseThrow(() ->
                        new InvalidStateStoreException(
                            "the history of partition " + partition + " is being opened"))
                    .past(new StoreRanges(store))));
    return pasts;
  }

  @Override
  public List<HostView> hosts() {
    return hostsByPartition().values().stream().flatMap(List::stream).toList();
  }

  /// The hosts whose sessions are in a partition; all of one host's are in one.
  Map<Integer, List<HostView>> hostsByPartition() {
    Map<Integer, List<HostView>> hosts = new HashMap<>();
    storesByPartition(LiveTopology.STORE, Topic.LOG)
        .forEach((partition, store) -> hosts.put(partition, hosts(partition, store)));
    return hosts;
  }

  private List<HostView> hosts(int partition, ReadOnlyKeyValueStore<String, byte[]> store) {
    Map<String, HostView> hosts = new HashMap<>();
    try (KeyValueIterator<String, byte[]> ended =
        store.prefixScan(Memory.HOSTS, new StringSerializer())) {
      ended.forEachRemaining(entry -> {
        String host = entry.key.substring(Memory.HOSTS.length());
        HostTotals totals = Json.read(entry.value, HostTotals.class);
        hosts.put(
            host, new HostView(host, 0, totals.sessions(), 0, totals.lastAt(), totals.log(), null));
      });
    }
    live.memory(partition)
        .ifPresent(memory -> {
          for (Session open : memory.sessions()) {
            hosts.merge(
                open.host(),
                new HostView(open.host(), 1, 1, 0, open.lastAt(), open.tally(), null),
                HostView::plus);
          }
          for (Build build : memory.activities()) {
            if (build.running()) {
              hosts.computeIfPresent(build.host(), (_, host) -> host.withOneMoreRunning());
            }
          }
        });
    return List.copyOf(hosts.values());
  }

  @Override
  public List<HostState> using() {
    Instant now = Instant.now();
    return stores(HostsTopology.STORE, Topic.HOSTS).stream()
        .flatMap(store -> stream(store.all()))
        .map(entry -> Json.read(entry.value, HostState.class))
        .filter(host -> host.isFresh(now))
        .toList();
  }

  @Override
  public Stream<CommandView> commands(CommandQuery query) {
    String since = Audit.timeKey(query.during().since().orElse(Instant.EPOCH));
    String until = query.during().until().map(Audit::timeKey).orElse(Audit.TIME + LAST);
    return merged(
            stores(ControlTopology.STORE, Topic.CONTROL),
            store ->
                stream(store.reverseRange(since, until))
                    .flatMap(entry -> Stream.ofNullable(store.get(Audit.commandKey(entry.key))))
                    .map(LocalPart::command),
            Comparator.comparing(CommandView::recordedAt).reversed())
        .filter(query::matches);
  }

  @Override
  public List<CommandView> command(UUID id) {
    return stores(ControlTopology.STORE, Topic.CONTROL).stream()
        .flatMap(store -> Stream.ofNullable(store.get(Audit.COMMAND + id)))
        .map(LocalPart::command)
        .toList();
  }

  private static CommandView command(byte[] json) {
    return Json.read(json, CommandView.class);
  }

  @Override
  public List<Node> nodes(Collection<String> drvPaths) {
    return shelved(Shelf.NODE, drvPaths, Node.class);
  }

  @Override
  public List<KnownDerivation> derivations(Collection<String> drvPaths) {
    return shelved(Shelf.DRV, drvPaths, KnownDerivation.class);
  }

  private <T> List<T> shelved(String table, Collection<String> drvPaths, Class<T> type) {
    List<T> found = new ArrayList<>();
    for (var store : stores(DerivationsTopology.STORE, Topic.DERIVATIONS)) {
      for (String drvPath : drvPaths) {
        byte[] json = store.get(table + drvPath);
        if (json != null) {
          found.add(Json.read(json, type));
        }
      }
    }
    return found;
  }

  @Override
  public Behind behind() throws IOException {
    stores.requireReady();
    return unfolded.byPartition().values().stream().reduce(Behind.NOTHING, Behind::plus);
  }

  private <T> List<T> all(String name, Topic topic, String prefix, Function<byte[], T> read) {
    return stores(name, topic).stream()
        .flatMap(store -> values(store, prefix, read).stream())
        .toList();
  }

  private static <T> List<T> values(
      ReadOnlyKeyValueStore<String, byte[]> store, String prefix, Function<byte[], T> read) {
    List<T> values = new ArrayList<>();
    try (KeyValueIterator<String, byte[]> entries =
        store.prefixScan(prefix, new StringSerializer())) {
      while (entries.hasNext()) {
        values.add(read.apply(entries.next().value));
      }
    }
    return values;
  }

  private static Stream<KeyValue<String, byte[]>> stream(KeyValueIterator<String, byte[]> entries) {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(entries, Spliterator.ORDERED | Spliterator.NONNULL),
            false)
        .onClose(entries::close);
  }

  /// One store a partition: only a partition's keys are in order.
  private List<ReadOnlyKeyValueStore<String, byte[]>> stores(String name, Topic topic) {
    return List.copyOf(storesByPartition(name, topic).values());
  }

  private Map<Integer, ReadOnlyKeyValueStore<String, byte[]>> storesByPartition(
      String name, Topic topic) {
    return stores.byPartition(name, topic);
  }

  /// The partitions of a topic that this process reads.
  Set<Integer> partitions(Topic topic) {
    return stores.partitions(topic);
  }

  private static <S, T> Stream<T> merged(
      List<S> sources, Function<S, Stream<T>> open, Comparator<? super T> order) {
    return Merge.of(sources.stream().map(open).toList(), order);
  }
}
