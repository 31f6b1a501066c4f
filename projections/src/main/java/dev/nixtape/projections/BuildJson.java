package dev.nixtape.projections;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import dev.nixtape.projections.Build.Evidence;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.LogRange;
import dev.nixtape.projections.Build.Now;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.PhaseTime;
import dev.nixtape.projections.Build.Progress;
import dev.nixtape.projections.Build.Remote;
import dev.nixtape.projections.Build.Used;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A build as JSON and back, by hand. It is what most of the program writes and reads: to find a
/// record's components by reflection took a tenth of a projection's time, and as long as the whole
/// rest of `nixtape builds`.
public final class BuildJson {
  private static final JsonFactory FACTORY = new JsonFactory();

  private BuildJson() {}

  public static byte[] write(Build build) {
    ByteArrayBuilder bytes = new ByteArrayBuilder(1500);
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      write(build, json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /// Throws `UncheckedIOException` when the bytes are not the JSON of a build.
  public static Build read(byte[] bytes) {
    try (JsonParser json = FACTORY.createParser(bytes)) {
      json.nextToken();
      return read(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads an array of them.
  public static List<Build> readAll(InputStream in) throws IOException {
    List<Build> builds = new ArrayList<>();
    readEach(in, builds::add);
    return builds;
  }

  /// Takes builds one by one.
  public interface Sink {
    void add(Build build) throws IOException;
  }

  /// Reads an array that may be larger than memory. One that is cut off throws `IOException`.
  public static void readEach(InputStream in, Sink sink) throws IOException {
    try (JsonParser json = FACTORY.createParser(in)) {
      if (json.nextToken() != JsonToken.START_ARRAY) {
        throw new IOException("not an array of builds");
      }
      while (json.nextToken() == JsonToken.START_OBJECT) {
        sink.add(read(json));
      }
    }
  }

  static void write(Build build, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", build.id());
    json.writeStringField("nixId", build.nixId());
    json.writeStringField("kind", build.kind().json());
    json.writeStringField("drvPath", build.drvPath());
    json.writeStringField("storePath", build.storePath());
    json.writeStringField("name", build.name());
    json.writeStringField("pname", build.pname());
    json.writeStringField("version", build.version());
    json.writeStringField("system", build.system());
    json.writeStringField("host", build.host());
    json.writeStringField("machine", build.machine());
    json.writeStringField("user", build.user());
    number(json, "uid", build.uid());
    json.writeStringField("session", build.session());
    json.writeStringField("uri", build.uri());
    json.writeStringField("parent", build.parent());
    json.writeStringField("startedAt", Rfc3339.write(build.startedAt()));
    json.writeStringField(
        "finishedAt", build.finishedAt() == null ? null : Rfc3339.write(build.finishedAt()));
    number(json, "durationMs", build.durationMs());
    json.writeStringField("phase", build.phase());
    json.writeArrayFieldStart("phases");
    for (PhaseTime phase : build.phases()) {
      json.writeStartObject();
      json.writeStringField("name", phase.name());
      number(json, "durationMs", phase.durationMs());
      json.writeEndObject();
    }
    json.writeEndArray();
    if (build.progress() == null) {
      json.writeNullField("progress");
    } else {
      progress(json, build.progress());
    }
    json.writeNumberField("logLines", build.logLines());
    number(json, "bytes", build.bytes());
    json.writeStringField("outcome", build.outcome() == null ? null : build.outcome().json());
    json.writeStringField("reason", build.reason());
    number(json, "exitCode", build.exitCode() == null ? null : build.exitCode().longValue());
    lastLines(json, build.lastLines());
    evidence(json, build.evidence());
    log(json, build.log());
    used(json, build.used());
    now(json, build.now());
    remote(json, build.remote());
    json.writeEndObject();
  }

  /// Writes the field `progress`.
  public static void progress(JsonGenerator json, Progress progress) throws IOException {
    json.writeObjectFieldStart("progress");
    json.writeNumberField("done", progress.done());
    json.writeNumberField("expected", progress.expected());
    json.writeNumberField("running", progress.running());
    json.writeNumberField("failed", progress.failed());
    json.writeEndObject();
  }

  /// Writes the field `lastLines`.
  public static void lastLines(JsonGenerator json, List<String> lines) throws IOException {
    json.writeArrayFieldStart("lastLines");
    for (String line : lines) {
      json.writeString(line);
    }
    json.writeEndArray();
  }

  /// Writes the field `evidence`.
  public static void evidence(JsonGenerator json, List<Evidence> all) throws IOException {
    json.writeArrayFieldStart("evidence");
    for (Evidence evidence : all) {
      json.writeStartObject();
      json.writeStringField("source", evidence.source());
      json.writeStringField("says", evidence.says().json());
      json.writeStringField("detail", evidence.detail());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /// Writes the field `log`.
  public static void log(JsonGenerator json, LogRange log) throws IOException {
    json.writeObjectFieldStart("log");
    json.writeNumberField("partition", log.partition());
    json.writeNumberField("from", log.from());
    json.writeNumberField("to", log.to());
    json.writeEndObject();
  }

  /// Writes its fields.
  public static void used(JsonGenerator json, @Nullable Used used) throws IOException {
    number(json, "cpuUserMs", used == null ? null : used.cpuUserMs());
    number(json, "cpuSystemMs", used == null ? null : used.cpuSystemMs());
    number(json, "peakMemory", used == null ? null : used.peakMemory());
    number(json, "ioBytes", used == null ? null : used.ioBytes());
  }

  private static void now(JsonGenerator json, @Nullable Now now) throws IOException {
    if (now == null) {
      json.writeNullField("now");
      return;
    }
    json.writeObjectFieldStart("now");
    number(json, "cpuPercent", now.cpuPercent());
    json.writeNumberField("memory", now.memory());
    json.writeBooleanField("frozen", now.frozen());
    json.writeEndObject();
  }

  private static void remote(JsonGenerator json, @Nullable Remote remote) throws IOException {
    if (remote == null) {
      json.writeNullField("remote");
      return;
    }
    json.writeObjectFieldStart("remote");
    json.writeStringField("id", remote.id());
    json.writeStringField("host", remote.host());
    json.writeStringField("startedAt", Rfc3339.write(remote.startedAt()));
    json.writeStringField(
        "finishedAt", remote.finishedAt() == null ? null : Rfc3339.write(remote.finishedAt()));
    number(json, "outsideMs", remote.outsideMs());
    json.writeEndObject();
  }

  private static void number(JsonGenerator json, String name, @Nullable Long value)
      throws IOException {
    if (value == null) {
      json.writeNullField(name);
    } else {
      json.writeNumberField(name, value);
    }
  }

  /// Reads the object that begins at the current token. Keys that a newer writer knows are passed
  /// over.
  static Build read(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw new IOException("not a build");
    }
    Parts parts = new Parts();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      parts.read(key, json);
    }
    try {
      return parts.build();
    } catch (NullPointerException e) {
      throw new IOException("a build without " + e.getMessage(), e);
    }
  }

  private static final class Parts {
    private @Nullable String id;
    private @Nullable String nixId;
    private @Nullable Kind kind;
    private @Nullable String drvPath;
    private @Nullable String storePath;
    private @Nullable String name;
    private @Nullable String pname;
    private @Nullable String version;
    private @Nullable String system;
    private @Nullable String host;
    private @Nullable String machine;
    private @Nullable String user;
    private @Nullable Long uid;
    private @Nullable String session;
    private @Nullable String uri;
    private @Nullable String parent;
    private @Nullable Instant startedAt;
    private @Nullable Instant finishedAt;
    private @Nullable Long durationMs;
    private @Nullable String phase;
    private final List<PhaseTime> phases = new ArrayList<>();
    private @Nullable Progress progress;
    private long logLines;
    private @Nullable Long bytes;
    private @Nullable Outcome outcome;
    private @Nullable String reason;
    private @Nullable Long exitCode;
    private final List<String> lastLines = new ArrayList<>();
    private final List<Evidence> evidence = new ArrayList<>();
    private @Nullable LogRange log;
    private @Nullable Long cpuUserMs;
    private @Nullable Long cpuSystemMs;
    private @Nullable Long peakMemory;
    private @Nullable Long ioBytes;
    private @Nullable Now now;
    private @Nullable Remote remote;

    void read(String key, JsonParser json) throws IOException {
      switch (key) {
        case "id" -> id = json.getValueAsString();
        case "nixId" -> nixId = json.getValueAsString();
        case "kind" -> kind = constant(Kind.values(), Kind::json, json);
        case "drvPath" -> drvPath = json.getValueAsString();
        case "storePath" -> storePath = json.getValueAsString();
        case "name" -> name = json.getValueAsString();
        case "pname" -> pname = json.getValueAsString();
        case "version" -> version = json.getValueAsString();
        case "system" -> system = json.getValueAsString();
        case "host" -> host = json.getValueAsString();
        case "machine" -> machine = json.getValueAsString();
        case "user" -> user = json.getValueAsString();
        case "uid" -> uid = number(json);
        case "session" -> session = json.getValueAsString();
        case "uri" -> uri = json.getValueAsString();
        case "parent" -> parent = json.getValueAsString();
        case "startedAt" -> startedAt = time(json);
        case "finishedAt" -> finishedAt = time(json);
        case "durationMs" -> durationMs = number(json);
        case "phase" -> phase = json.getValueAsString();
        case "phases" -> phases(json);
        case "progress" -> progress = progress(json);
        case "logLines" -> logLines = json.getLongValue();
        case "bytes" -> bytes = number(json);
        case "outcome" -> outcome = constant(Outcome.values(), Outcome::json, json);
        case "reason" -> reason = json.getValueAsString();
        case "exitCode" -> exitCode = number(json);
        case "lastLines" -> lastLines(json);
        case "evidence" -> evidence(json);
        case "log" -> log = log(json);
        case "cpuUserMs" -> cpuUserMs = number(json);
        case "cpuSystemMs" -> cpuSystemMs = number(json);
        case "peakMemory" -> peakMemory = number(json);
        case "ioBytes" -> ioBytes = number(json);
        case "now" -> now = now(json);
        case "remote" -> remote = remote(json);
        default -> json.skipChildren();
      }
    }

    Build build() {
      return new Build(
          Objects.requireNonNull(id, "id"),
          Objects.requireNonNull(nixId, "nixId"),
          Objects.requireNonNull(kind, "kind"),
          drvPath,
          storePath,
          Objects.requireNonNull(name, "name"),
          pname,
          version,
          system,
          Objects.requireNonNull(host, "host"),
          machine,
          user,
          uid,
          Objects.requireNonNull(session, "session"),
          uri,
          parent,
          Objects.requireNonNull(startedAt, "startedAt"),
          finishedAt,
          durationMs,
          phase,
          phases,
          progress,
          logLines,
          bytes,
          outcome,
          reason,
          exitCode == null ? null : exitCode.intValue(),
          lastLines,
          evidence,
          Objects.requireNonNull(log, "log"),
          used(),
          now,
          remote);
    }

    private @Nullable Used used() {
      return cpuUserMs == null || cpuSystemMs == null || peakMemory == null
          ? null
          : new Used(cpuUserMs, cpuSystemMs, peakMemory, ioBytes);
    }

    private static @Nullable Long number(JsonParser json) throws IOException {
      return json.currentToken() == JsonToken.VALUE_NULL ? null : json.getLongValue();
    }

    private static @Nullable Instant time(JsonParser json) throws IOException {
      String text = json.getValueAsString();
      try {
        return text == null ? null : Rfc3339.read(text);
      } catch (DateTimeException | NumberFormatException e) {
        throw new IOException("a build with '%s' as a time".formatted(text), e);
      }
    }

    private interface Name<E> {
      String of(E constant);
    }

    private static <E> @Nullable E constant(E[] constants, Name<E> name, JsonParser json)
        throws IOException {
      String text = json.getValueAsString();
      if (text == null) {
        return null;
      }
      for (E constant : constants) {
        if (name.of(constant).equals(text)) {
          return constant;
        }
      }
      throw new IOException("a build with the unknown word '%s'".formatted(text));
    }

    private void phases(JsonParser json) throws IOException {
      while (json.nextToken() == JsonToken.START_OBJECT) {
        String phase = "";
        Long took = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String key = json.currentName();
          json.nextToken();
          switch (key) {
            case "name" -> phase = json.getText();
            case "durationMs" -> took = number(json);
            default -> json.skipChildren();
          }
        }
        phases.add(new PhaseTime(phase, took));
      }
    }

    private static @Nullable Progress progress(JsonParser json) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return null;
      }
      long[] numbers = new long[4];
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        json.nextToken();
        switch (key) {
          case "done" -> numbers[0] = json.getLongValue();
          case "expected" -> numbers[1] = json.getLongValue();
          case "running" -> numbers[2] = json.getLongValue();
          case "failed" -> numbers[3] = json.getLongValue();
          default -> json.skipChildren();
        }
      }
      return new Progress(numbers[0], numbers[1], numbers[2], numbers[3]);
    }

    private static @Nullable Now now(JsonParser json) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return null;
      }
      Long cpuPercent = null;
      long memory = 0;
      boolean frozen = false;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        json.nextToken();
        switch (key) {
          case "cpuPercent" -> cpuPercent = number(json);
          case "memory" -> memory = json.getLongValue();
          case "frozen" -> frozen = json.getBooleanValue();
          default -> json.skipChildren();
        }
      }
      return new Now(cpuPercent, memory, frozen);
    }

    private static @Nullable Remote remote(JsonParser json) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return null;
      }
      String id = null;
      String host = null;
      Instant startedAt = null;
      Instant finishedAt = null;
      Long outsideMs = null;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        json.nextToken();
        switch (key) {
          case "id" -> id = json.getValueAsString();
          case "host" -> host = json.getValueAsString();
          case "startedAt" -> startedAt = time(json);
          case "finishedAt" -> finishedAt = time(json);
          case "outsideMs" -> outsideMs = number(json);
          default -> json.skipChildren();
        }
      }
      return new Remote(
          Objects.requireNonNull(id, "remote.id"),
          Objects.requireNonNull(host, "remote.host"),
          Objects.requireNonNull(startedAt, "remote.startedAt"),
          finishedAt,
          outsideMs);
    }

    private void lastLines(JsonParser json) throws IOException {
      while (json.nextToken() == JsonToken.VALUE_STRING) {
        lastLines.add(json.getText());
      }
    }

    private void evidence(JsonParser json) throws IOException {
      while (json.nextToken() == JsonToken.START_OBJECT) {
        String source = "";
        Outcome says = null;
        String detail = "";
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String key = json.currentName();
          json.nextToken();
          switch (key) {
            case "source" -> source = json.getText();
            case "says" -> says = constant(Outcome.values(), Outcome::json, json);
            case "detail" -> detail = json.getText();
            default -> json.skipChildren();
          }
        }
        evidence.add(new Evidence(source, Objects.requireNonNull(says, "says"), detail));
      }
    }

    private static @Nullable LogRange log(JsonParser json) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return null;
      }
      int partition = 0;
      long from = 0;
      long to = 0;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        json.nextToken();
        switch (key) {
          case "partition" -> partition = json.getIntValue();
          case "from" -> from = json.getLongValue();
          case "to" -> to = json.getLongValue();
          default -> json.skipChildren();
        }
      }
      return new LogRange(partition, from, to);
    }
  }
}
