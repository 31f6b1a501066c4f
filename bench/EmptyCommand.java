import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// What a command cannot be faster than: picocli, and nothing to do.
@Command(name = "empty", mixinStandardHelpOptions = true)
final class EmptyCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    return 0;
  }

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new EmptyCommand()).execute(arguments));
  }
}
