package dev.nixtape.ingest;

/// Looks at what a session says, as it passes, without ever holding it up.
interface Onlooker {
  Onlooker NOBODY =
      new Onlooker() {
        @Override
        public int passed(byte[] bytes, int count) {
          return 0;
        }

        @Override
        public void closing(Runnable close) {
          close.run();
        }
      };

  /// The first `count` bytes are what was read; lines may begin and end anywhere in them. Returns
  /// how many lines it saw end.
  int passed(byte[] bytes, int count);

  /// The session has no more bytes: the onlooker runs `close` when it has nothing more to say about
  /// it.
  void closing(Runnable close);
}
