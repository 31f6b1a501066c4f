package dev.nixtape.ingest;

import java.nio.file.Path;
import java.util.Map;

/// How what is read on a host gets into the log.
///
/// @param spools where the spools of this host's processes are, each in a folder of its own
/// @param spoolLimit bytes that this process' spool may have
/// @param fsync whether what was read survives the loss of power
/// @param bootstrapServers Kafka's own `host:port[,…]`
/// @param kafka client settings that the user gave
public record RecorderSettings(
    Path spools,
    long spoolLimit,
    boolean fsync,
    String bootstrapServers,
    Map<String, String> kafka) {
  /// 2 GiB: some twenty million lines.
  public static final long DEFAULT_LIMIT = 2L << 30;

  /// 4 MiB: some segments and what goes beside them.
  public static final long MIN_LIMIT = 4L << 20;

  public RecorderSettings {
    if (spoolLimit < MIN_LIMIT) {
      throw new IllegalArgumentException(
          "--spool-limit: at least 4 MiB, not %,d bytes".formatted(spoolLimit));
    }
    kafka = Map.copyOf(kafka);
  }
}
