package dev.nixtape.cli;

import dev.nixtape.projections.control.Action;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "limit",
    description = "Says what a build may take at most; what is not named stays as it is.",
    footer = {
      "",
      "Examples:",
      "  nixtape limit 7k3x9q2m --cpu 150%%            one processor and a half",
      "  nixtape limit 7k3x9q2m --memory-high 3G      slowed beyond 3 GiB",
      "  nixtape limit --drv chromium --io 50M --memory 8G",
      "  nixtape limit 7k3x9q2m --cpu max --io max    lifts both",
      "",
      Orders.EXITS
    })
final class LimitCommand implements Callable<Integer> {
  @Mixin Orders orders = new Orders();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..*",
      paramLabel = "ID",
      description = "Builds, by their ids or the beginnings of them.")
  List<String> ids = List.of();

  @Option(
      names = "--cpu",
      paramLabel = "PERCENT",
      converter = Percent.class,
      description = "Of one processor: 150%%, or max.")
  Optional<Long> cpu = Optional.empty();

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = Size.class,
      description = "Beyond it the kernel kills: 4G, 512M, or max.")
  Optional<Long> memory = Optional.empty();

  @Option(
      names = "--memory-high",
      paramLabel = "SIZE",
      converter = Size.class,
      description = "Beyond it the kernel slows it down: 3G, or max.")
  Optional<Long> memoryHigh = Optional.empty();

  @Option(
      names = "--io",
      paramLabel = "SIZE",
      converter = Size.class,
      description = "A second, read and written each, of the store's disk: 50M, or max.")
  Optional<Long> io = Optional.empty();

  @Override
  public Integer call() throws IOException {
    Action.Limit limit;
    try {
      limit =
          new Action.Limit(
              cpu.orElse(null), memory.orElse(null), memoryHigh.orElse(null), io.orElse(null));
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, String.valueOf(e.getMessage()));
    }
    return orders.execute(limit, ids, spec);
  }

  private static @Nullable Long max(String text) {
    return text.equals("max") ? Action.Limit.MAX : null;
  }

  static final class Percent implements ITypeConverter<Long> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,9})%?");

    @Override
    public Long convert(String text) {
      Matcher percent = FORM.matcher(text);
      Long max = max(text);
      if (max != null) {
        return max;
      }
      if (!percent.matches()) {
        throw new TypeConversionException("a share like 150%%, or max, not '%s'".formatted(text));
      }
      return Long.valueOf(percent.group(1));
    }
  }

  /// As cgroups read sizes: K, M, G and T are powers of 1024.
  static final class Size implements ITypeConverter<Long> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,12})(?:([KMGT])(?:iB)?)?");

    @Override
    public Long convert(String text) {
      Matcher size = FORM.matcher(text);
      Long max = max(text);
      if (max != null) {
        return max;
      }
      try {
        if (size.matches()) {
          int power = size.group(2) == null ? 0 : 1 + "KMGT".indexOf(size.group(2));
          return Math.multiplyExact(Long.parseLong(size.group(1)), 1L << (10 * power));
        }
      } catch (ArithmeticException tooLarge) {
        // Said below, with the form that is wanted.
      }
      throw new TypeConversionException(
          "a size like 512M or 4G (of 1024), or max, not '%s'".formatted(text));
    }
  }
}
