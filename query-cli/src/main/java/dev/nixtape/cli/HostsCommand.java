package dev.nixtape.cli;

import dev.nixtape.projections.HostView;
import dev.nixtape.projections.Rfc3339;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "hosts", description = "The hosts that told something, and how much.")
final class HostsCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    Table<HostView> table =
        new Table<HostView>()
            .left("HOST", HostView::host)
            .number("RUNNING", HostView::running)
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
}
