package dev.nixtape.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What the launcher records for a start-up archive of some questions: each, asked of a server in
/// this process. All that an archive holds is loaded at every start: so a bare socket answers, and
/// questions about builds, which do without data binding, have an archive of their own.
@Command(name = "train-questions", hidden = true)
final class TrainQuestionsCommand implements Callable<Integer> {
  private static final String ID = "7k3x9q2m";

  /// What stands behind the names of commands that are not asked bare.
  private static final Map<String, List<String>> ARGUMENTS =
      Map.ofEntries(
          Map.entry("builds", List.of("", "--running", "--all -o csv")),
          Map.entry("build", List.of(ID)),
          Map.entry("log", List.of(ID)),
          Map.entry("history", List.of("", "openssl")),
          Map.entry("stats", List.of("-d 30", "-d 30 --group -o test")),
          Map.entry("trend", List.of("openssl")),
          Map.entry("tree", List.of(ID)),
          Map.entry("why", List.of(ID)),
          Map.entry("critical-path", List.of(ID)),
          Map.entry("export", List.of("FOLDER")),
          Map.entry("sql", List.of("--data FOLDER DESCRIBE(FROM(builds))")));

  @Option(names = "--folder", description = "Where files may be written.")
  Path folder = Path.of("");

  @Parameters(paramLabel = "COMMAND", description = "Which questions to ask.")
  List<String> names = List.of();

  @Override
  public Integer call() throws IOException {
    String answers = answers();
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread thread = new Thread(() -> answer(server, answers));
      thread.setDaemon(true);
      thread.start();
      String address = "http://127.0.0.1:" + server.getLocalPort();
      int worst = 0;
      for (String name : names) {
        for (String rest : ARGUMENTS.getOrDefault(name, List.of(""))) {
          String asked = name + " " + rest.replace("FOLDER", folder.toString());
          String[] args = (asked.strip() + " --server " + address).split(" ");
          CommandLine line = Nixtape.commandLine(args);
          line.setOut(new PrintWriter(Writer.nullWriter()));
          worst = Math.max(worst, line.execute(args));
        }
      }
      return worst;
    }
  }

  /// What a server answered once: a line for each beginning of a path, that first.
  private static String answers() throws IOException {
    try (InputStream file =
        Objects.requireNonNull(TrainQuestionsCommand.class.getResourceAsStream("training.txt"))) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void answer(ServerSocket server, String answers) {
    while (!server.isClosed()) {
      try (Socket asked = server.accept();
          BufferedReader request =
              new BufferedReader(
                  new InputStreamReader(asked.getInputStream(), StandardCharsets.US_ASCII));
          OutputStream out = asked.getOutputStream()) {
        String line = String.valueOf(request.readLine());
        byte[] body = answer(line.split("[ ?]", 3)[1], answers).getBytes(StandardCharsets.UTF_8);
        while (!String.valueOf(request.readLine()).isEmpty()) {
          // the request's headers
        }
        // In chunks, as the server sends what it reads from its stores.
        String head =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%x\r\n"
                .formatted(body.length);
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.write("\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private static String answer(String path, String answers) {
    return answers
        .lines()
        .filter(line -> path.startsWith(line.substring(0, line.indexOf(' '))))
        .findFirst()
        .map(line -> line.substring(line.indexOf(' ') + 1))
        .orElse("[]");
  }
}
