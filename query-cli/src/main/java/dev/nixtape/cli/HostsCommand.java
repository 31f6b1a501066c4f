package dev.nixtape.cli;

import dev.nixtape.projections.HostView;
import dev.nixtape.projections.HostView.Now;
import dev.nixtape.projections.HostView.Pressure;
import dev.nixtape.projections.Rfc3339;
import java.io.IOException;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "hosts",
    description = "The hosts that told something, and how much; what those use that say so.",
    footer = {
      "",
      "LOAD is that of the last minute and the number of processors; PRESSURE the shares of the last 10 s in which somebody waited for processors, memory and disks."
    })
final class HostsCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    Table<HostView> table =
        new Table<HostView>()
            .withoutEmpty()
            .left("HOST", HostView::host)
            .number("RUNNING", HostView::running)
            .right(
                "LOAD",
                host -> shown(host, HostsCommand::load),
                host -> csv(host, uses -> uses.load().getFirst()))
            .optional()
            .right(
                "MEM",
                host -> shown(host, HostsCommand::memory),
                host -> csv(host, HostsCommand::usedMemory))
            .optional()
            .left("PRESSURE", host -> shown(host, HostsCommand::pressure))
            .optional()
            .right(
                "STORE FREE",
                host -> shown(host, uses -> Screen.bytes(uses.storeFree())),
                host -> csv(host, Now::storeFree))
            .optional()
            .number("OPEN", HostView::open)
            .number("SESSIONS", HostView::sessions)
            .number("LINES", host -> host.log().lines())
            .right(
                "BYTES",
                host -> Screen.bytes(host.log().bytes()),
                host -> Long.toString(host.log().bytes()))
            .number("GAPS", host -> host.log().gaps())
            .number("UNRECOGNISED", host -> host.log().unrecognised())
            .right(
                "LAST HEARD",
                host -> BuildRows.time(host.lastAt(), now),
                host -> Rfc3339.write(host.lastAt()));
    asked.print(
        "/v1/hosts",
        HostView.class,
        table,
        "No host has told anything yet.",
        spec.commandLine().getOut());
    return 0;
  }

  /// Nothing of a host that does not say what it uses.
  private static String shown(HostView host, Function<Now, String> figure) {
    return host.now() == null ? "" : figure.apply(host.now());
  }

  private static String csv(HostView host, Function<Now, Number> figure) {
    return shown(host, now -> figure.apply(now).toString());
  }

  private static String load(Now now) {
    return String.format(Locale.ROOT, "%.1f of %d", now.load().getFirst(), now.processors());
  }

  private static long usedMemory(Now now) {
    return now.memory() - now.memoryAvailable();
  }

  private static String memory(Now now) {
    return 100 * usedMemory(now) / Math.max(1, now.memory()) + " %";
  }

  private static String pressure(Now now) {
    Pressure pressure = now.pressure();
    return pressure == null
        ? ""
        : String.format(
            Locale.ROOT, "%.0f/%.0f/%.0f %%", pressure.cpu(), pressure.memory(), pressure.io());
  }
}
