package dev.nixtape.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainQuestionsTest {
  private static final Pattern COMMANDS =
      Pattern.compile("^(?:builds|questions|sql)=\"(.*)\"$", Pattern.MULTILINE);

  @TempDir Path folder;

  @Test
  void everyQuestionThatTheLauncherHasTrainedIsAnswered() throws IOException {
    List<String> args = new ArrayList<>(List.of("train-questions", "--folder", folder.toString()));
    Matcher commands = COMMANDS.matcher(Files.readString(Path.of("../nixtape")));
    while (commands.find()) {
      args.addAll(List.of(commands.group(1).split(" ", -1)));
    }
    assertTrue(args.containsAll(List.of("log", "cost", "sql")), args.toString());
    assertEquals(0, Asking.execute(args.toArray(String[]::new)).status());
  }
}
