package dev.nixtape.cli;

import dev.nixtape.ingest.RecorderSettings;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// Where what is recorded waits for Kafka, and how much of it.
final class SpoolOptions {
  @Option(
      names = "--spool",
      paramLabel = "DIR",
      description =
          "Where what is recorded waits for Kafka (default: spool in nixtape's data: --data where there is such an option, else /var/lib/nixtape for root, else $$XDG_STATE_HOME/nixtape).")
  Optional<Path> directory = Optional.empty();

  @Option(
      names = "--spool-limit",
      paramLabel = "SIZE",
      defaultValue = "2GiB",
      converter = Size.class,
      description =
          "What may wait there (default: ${DEFAULT-VALUE}); beyond, progress lines are dropped first, and the log says how many.")
  long limit = RecorderSettings.DEFAULT_LIMIT;

  @Option(
      names = "--fsync",
      description = "Write it to the disk at once, so that even the loss of power loses nothing.")
  boolean fsync;

  /// @param data what the spool is in when nobody says where
  RecorderSettings settings(Path data, String servers, Map<String, String> client) {
    return new RecorderSettings(
        directory.orElse(data.resolve("spool")).toAbsolutePath(), limit, fsync, servers, client);
  }

  /// Reads `500MB`, `2GiB`, `64M` or a number of bytes.
  static final class Size implements ITypeConverter<Long> {
    private static final Pattern FORM =
        Pattern.compile("([0-9]{1,12})\\s*(?:([KMGT])(i?)B?|B)?", Pattern.CASE_INSENSITIVE);

    @Override
    public Long convert(String text) {
      Matcher size = FORM.matcher(text.strip());
      if (!size.matches()) {
        throw new TypeConversionException("a size like 500MB or 2GiB, not '%s'".formatted(text));
      }
      long number = Long.parseLong(size.group(1));
      if (size.group(2) != null) {
        int power = 1 + "KMGT".indexOf(Character.toUpperCase(size.group(2).charAt(0)));
        boolean binary = !size.group(3).isEmpty();
        for (int i = 0; i < power; i++) {
          number = Math.multiplyExact(number, binary ? 1024L : 1000L);
        }
      }
      if (number < RecorderSettings.MIN_LIMIT) {
        throw new TypeConversionException("at least 4 MiB, not '%s'".formatted(text));
      }
      return number;
    }
  }
}
