package dev.nixtape.projections.history;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.KeyValues;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Numbers for the names that samples repeat: hosts, users, systems, phases. In the order in which
/// they appeared, so that a history that is derived again has the same. Any thread may read.
final class Words {
  private static final String KEY = "word/";

  private final KeyValues store;
  private final Map<String, Integer> numbers = new ConcurrentHashMap<>();
  private final Map<Integer, String> words = new ConcurrentHashMap<>();

  Words(KeyValues store) {
    this.store = store;
    for (Map.Entry<String, byte[]> entry : store.range(KEY, KEY + History.LAST)) {
      known(Integer.parseInt(entry.getKey().substring(KEY.length())), word(entry.getValue()));
    }
  }

  private static String word(byte[] value) {
    return new String(value, UTF_8);
  }

  private void known(int number, String word) {
    words.put(number, word);
    numbers.put(word, number);
  }

  /// The number of a word, a new one when it has none. Of the fold's thread only.
  int number(String word) {
    Integer known = numbers.get(word);
    if (known != null) {
      return known;
    }
    int number = numbers.size();
    store.put(KEY + "%08d".formatted(number), word.getBytes(UTF_8));
    known(number, word);
    return number;
  }

  String word(int number) {
    return words.getOrDefault(number, "");
  }
}
