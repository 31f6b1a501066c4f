package dev.nixtape.projections;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;

/// How the domain is written as JSON: RFC 3339 times in UTC with milliseconds, unknown keys ignored
/// on reading (a newer writer may know more), absent values written as `null` (an answer's keys are
/// a promise).
public final class Json {
  public static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .addModule(
              new SimpleModule("nixtape")
                  .addSerializer(Instant.class, new InstantWriter())
                  .addDeserializer(Instant.class, new InstantReader())
                  .addSerializer(Build.class, new BuildWriter())
                  .addDeserializer(Build.class, new BuildReader()))
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private Json() {}

  public static byte[] write(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Throws `UncheckedIOException` when the bytes are not JSON of that shape.
  public static <T> T read(byte[] json, Class<T> type) {
    try {
      return MAPPER.readValue(json, type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class InstantWriter extends JsonSerializer<Instant> {
    @Override
    public void serialize(Instant at, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeString(Rfc3339.write(at));
    }
  }

  private static final class InstantReader extends JsonDeserializer<Instant> {
    @Override
    public Instant deserialize(JsonParser json, DeserializationContext context) throws IOException {
      return Rfc3339.read(json.getText());
    }
  }

  private static final class BuildWriter extends JsonSerializer<Build> {
    @Override
    public void serialize(Build build, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      BuildJson.write(build, json);
    }
  }

  private static final class BuildReader extends JsonDeserializer<Build> {
    @Override
    public Build deserialize(JsonParser json, DeserializationContext context) throws IOException {
      return BuildJson.read(json);
    }
  }
}
