package dev.nixtape.projections.fold;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.Rfc3339;
import dev.nixtape.projections.fold.Activity.Identity;
import dev.nixtape.projections.fold.Activity.Running;
import dev.nixtape.projections.fold.Activity.Stopped;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/// Writes activities as JSON, by hand: every chunk of the log changes dozens of them, and to find
/// their fields by reflection took a sixth of a projection's time. They are read seldom, by
/// Jackson.
final class ActivityJson {
  private ActivityJson() {}

  static byte[] write(Activity activity) {
    ByteArrayBuilder bytes = new ByteArrayBuilder(1000);
    try (JsonGenerator json = Json.MAPPER.getFactory().createGenerator(bytes)) {
      json.writeStartObject();
      switch (activity) {
        case Running _ -> json.writeStringField("state", "running");
        case Stopped stopped -> {
          json.writeStringField("state", "stopped");
          json.writeStringField("at", Rfc3339.write(stopped.at()));
          json.writeBooleanField("checked", stopped.checked());
        }
      }
      identity(json, activity.identity());
      subject(json, activity.subject());
      telling(json, activity.telling());
      course(json, activity.course());
      BuildJson.evidence(json, activity.evidence());
      BuildJson.lastLines(json, activity.lastLines());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void identity(JsonGenerator json, Identity identity) throws IOException {
    json.writeObjectFieldStart("identity");
    json.writeNumberField("nixId", identity.nixId());
    json.writeStringField("id", identity.id());
    json.writeStringField("host", identity.host());
    json.writeStringField("session", identity.session());
    json.writeStringField("invocation", identity.invocation());
    optional(json, "user", identity.user());
    if (identity.uid() != null) {
      json.writeNumberField("uid", identity.uid());
    }
    optional(json, "parent", identity.parent());
    json.writeBooleanField("observed", identity.observed());
    json.writeEndObject();
  }

  private static void subject(JsonGenerator json, Subject subject) throws IOException {
    json.writeObjectFieldStart("subject");
    json.writeStringField("kind", subject.kind().json());
    json.writeStringField("name", subject.name());
    optional(json, "drvPath", subject.drvPath());
    optional(json, "storePath", subject.storePath());
    optional(json, "machine", subject.machine());
    optional(json, "uri", subject.uri());
    optional(json, "pname", subject.pname());
    optional(json, "version", subject.version());
    optional(json, "system", subject.system());
    json.writeBooleanField("rebuilt", subject.rebuilt());
    json.writeEndObject();
  }

  private static void telling(JsonGenerator json, Telling telling) throws IOException {
    json.writeObjectFieldStart("telling");
    json.writeArrayFieldStart("tellers");
    for (Telling.Teller teller : telling.tellers()) {
      json.writeStartObject();
      json.writeStringField("session", teller.session());
      json.writeNumberField("told", teller.told());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNumberField("results", telling.results());
    json.writeNumberField("copies", telling.copies());
    json.writeNumberField("ended", telling.ended());
    json.writeEndObject();
  }

  private static void course(JsonGenerator json, Course course) throws IOException {
    json.writeObjectFieldStart("course");
    json.writeStringField("startedAt", Rfc3339.write(course.startedAt()));
    json.writeArrayFieldStart("phases");
    for (Course.PhaseBegin phase : course.phases()) {
      json.writeStartObject();
      json.writeStringField("name", phase.name());
      json.writeStringField("at", Rfc3339.write(phase.at()));
      json.writeEndObject();
    }
    json.writeEndArray();
    BuildJson.progress(json, course.progress());
    json.writeNumberField("logLines", course.logLines());
    BuildJson.log(json, course.log());
    if (course.used() != null) {
      json.writeObjectFieldStart("used");
      BuildJson.used(json, course.used());
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  private static void optional(JsonGenerator json, String name, @Nullable String value)
      throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
  }
}
