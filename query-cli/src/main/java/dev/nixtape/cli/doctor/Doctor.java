package dev.nixtape.cli.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.nixtape.ingest.ShimStatus;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.Session;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/// Looks at every link between this machine's Nix and the answers, in the order in which an event
/// passes them.
public final class Doctor {
  /// For each question; a link that is well answers in milliseconds.
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final String SERVER = "server";

  private final Machine machine;
  private final Setup setup;
  private final List<Finding> findings = new ArrayList<>();

  /// What should be there.
  ///
  /// @param host what this machine is called in the log
  /// @param socket where it should be when no shim says
  /// @param spool the shim's folder, to be looked at when no shim answers
  /// @param shims where a shim may answer, the likeliest first
  public record Setup(
      String host, Path socket, Path spool, List<URI> shims, QueryServer server, Kafka kafka) {
    public Setup {
      shims = List.copyOf(shims);
    }
  }

  /// @param expected somebody named it, so that it must be there
  /// @param introduction what a connection needs before it is asked
  public record QueryServer(URI url, boolean expected, Consumer<HttpURLConnection> introduction) {}

  /// @param named servers that somebody named; otherwise the shim's are asked
  /// @param otherwise servers to ask when nobody knows any
  /// @param settings for Kafka's clients
  public record Kafka(Optional<String> named, String otherwise, Map<String, String> settings) {
    public Kafka {
      settings = Map.copyOf(settings);
    }
  }

  private Doctor(Machine machine, Setup setup) {
    this.machine = machine;
    this.setup = setup;
  }

  /// A URL that can be asked. Throws `IllegalArgumentException` for what is none.
  public static URI url(String text) {
    return Reply.url(text);
  }

  /// Takes milliseconds when all is well, and seconds for everything that does not answer.
  public static List<Finding> examine(Machine machine, Setup setup) {
    Doctor doctor = new Doctor(machine, setup);
    doctor.examine();
    return List.copyOf(doctor.findings);
  }

  private void examine() {
    List<Finding> mute = new ArrayList<>();
    Optional<ShimStatus> shim = shim(mute);
    Path socket = shim.map(status -> Path.of(status.socket())).orElse(setup.socket());
    NixConf conf = NixConf.system(machine);
    List<Daemon> daemons = Daemon.running(machine);
    nix(socket, conf, daemons);
    findings.add(new SocketCheck(machine, socket, shim.isPresent()).finding());
    if (shim.isPresent()) {
      findings.addAll(new ShimCheck(shim.get(), machine.now()).findings());
    } else {
      findings.addAll(mute);
      findings.addAll(SpoolFolder.look(machine, setup.spool()).findings(machine));
    }
    findings.add(kafka(shim));
    server(shim);
    findings.add(Cgroups.look(machine, daemons).finding(machine, conf));
  }

  private void nix(Path socket, NixConf conf, List<Daemon> daemons) {
    NixProgram nix = NixProgram.find(machine, PATIENCE);
    findings.add(nix.finding());
    findings.addAll(new NixConfCheck(machine, socket, nix).findings(conf, NixConf.user(machine)));
    findings.addAll(Daemon.findings(daemons, machine, conf));
  }

  /// The status of this machine's shim.
  ///
  /// @param mute gets what to say when there is none
  private Optional<ShimStatus> shim(List<Finding> mute) {
    List<String> silent = new ArrayList<>();
    for (URI url : setup.shims()) {
      switch (ask(url)) {
        case Reply.Answer answer -> {
          try {
            ShimStatus status = answer.as(ShimStatus.class);
            if (status.host().equals(setup.host()) || isHere(url) || setup.shims().size() == 1) {
              return Optional.of(status);
            }
            silent.add("%s (that is %s's)".formatted(url, status.host()));
          } catch (JsonProcessingException _) {
            mute.add(strange("shim", answer));
          }
        }
        case Reply.Refusal(_, int status, _) when status == 404 ->
            silent.add("%s (not there)".formatted(url));
        case Reply.Refusal(String asked, _, String words) ->
            silent.add("%s (%s)".formatted(asked, words));
        case Reply.Silence(String asked, String why) -> silent.add("%s (%s)".formatted(asked, why));
      }
    }
    if (mute.isEmpty()) {
      mute.add(
          Finding.note(
              "shim",
              "none of this machine tells how it is: " + String.join(", ", silent),
              "when the socket is there, say with --shim where its shim answers: only it knows its spool and its strangers"));
    }
    return Optional.empty();
  }

  private static boolean isHere(URI url) {
    try {
      return InetAddress.getByName(url.getHost()).isLoopbackAddress();
    } catch (UnknownHostException _) {
      return false;
    }
  }

  private Finding kafka(Optional<ShimStatus> shim) {
    Optional<ShimStatus.Kafka> its = shim.map(ShimStatus::kafka);
    String servers =
        setup
            .kafka()
            .named()
            .or(() -> its.map(ShimStatus.Kafka::bootstrapServers))
            .orElse(setup.kafka().otherwise());
    boolean shimIsWell =
        its.filter(kafka -> kafka.problem() == null && kafka.bootstrapServers().equals(servers))
            .isPresent();
    return Broker.ask(servers, setup.kafka().settings(), PATIENCE).finding(shimIsWell);
  }

  private void server(Optional<ShimStatus> shim) {
    String url = setup.server().url().toString();
    Instant asked = Instant.now();
    switch (ask("/v1/status")) {
      case Reply.Silence(_, String why) ->
          findings.add(
              Finding.of(
                  setup.server().expected() || shim.isEmpty(),
                  SERVER,
                  "nobody answers at %s (%s)".formatted(url, why),
                  "start it with nixtape up or nixtape streams, or name another with --server or NIXTAPE_SERVER"));
      case Reply.Refusal(_, int status, String words) when status == 503 ->
          findings.add(
              Finding.note(SERVER, "%s: %s".formatted(url, words), "ask again in a moment"));
      case Reply.Refusal refusal -> findings.add(refused(refusal));
      case Reply.Answer status -> {
        Instant answered = Instant.now();
        findings.add(Finding.ok(SERVER, url + " answers"));
        with(
            "/v1/topics",
            LogCheck.TopicsView.class,
            (topics, _) -> findings.addAll(LogCheck.findings(topics)));
        List<Finding> clocks = new ArrayList<>();
        status.date().ifPresent(date -> clocks.addAll(LogCheck.ownClock(asked, answered, date)));
        with(
            "/v1/hosts",
            HostView[].class,
            (hosts, date) -> {
              date.ifPresent(at -> clocks.addAll(LogCheck.clocks(List.of(hosts), at)));
              if (clocks.isEmpty() && hosts.length > 0) {
                clocks.add(Finding.ok("clock", "no host is ahead of the server"));
              }
            });
        findings.addAll(clocks);
        with(
            "/v1/sessions?ended=false",
            Session[].class,
            (sessions, _) ->
                findings.addAll(Strangers.findings(unnamed(sessions, shim), machine.now())));
      }
    }
  }

  /// Without those that the shim names itself.
  private static List<Session> unnamed(Session[] sessions, Optional<ShimStatus> shim) {
    return List.of(sessions).stream()
        .filter(session ->
            shim.stream()
                .filter(status -> status.host().equals(session.host()))
                .flatMap(status -> status.strangers().stream())
                .noneMatch(
                    named -> named.pid() != null && Objects.equals(named.pid(), session.pid())))
        .toList();
  }

  private Reply ask(String path) {
    return ask(URI.create(setup.server().url() + path));
  }

  private Reply ask(URI url) {
    return Reply.ask(url, PATIENCE, setup.server().introduction());
  }

  /// Takes an answer and its date.
  private interface Reader<T> {
    void read(T answer, Optional<Instant> date);
  }

  private <T> void with(String path, Class<T> type, Reader<T> reader) {
    switch (ask(path)) {
      case Reply.Answer answer -> {
        try {
          reader.read(answer.as(type), answer.date());
        } catch (JsonProcessingException _) {
          findings.add(strange(SERVER, answer));
        }
      }
      case Reply.Refusal refusal -> findings.add(refused(refusal));
      case Reply.Silence(String url, String why) ->
          findings.add(
              Finding.wrong(
                  SERVER,
                  "%s was not answered: %s".formatted(url, why),
                  "see what the server says on its terminal; it needs its Kafka for this"));
    }
  }

  private static Finding refused(Reply.Refusal refusal) {
    return Finding.wrong(
        SERVER,
        "%s: %s".formatted(refusal.url(), refusal.words()),
        "see what the server says on its terminal, or name another with --server");
  }

  private static Finding strange(String about, Reply.Answer answer) {
    return Finding.wrong(
        about,
        "%s answers something that this nixtape does not understand".formatted(answer.url()),
        "run the same version of nixtape here and there");
  }
}
