package dev.nixtape.control;

import java.util.Arrays;
import java.util.Optional;

/// Linux's signals that may be sent, by their numbers on x86-64 and arm64 (signal(7)).
enum Signal {
  HUP(1),
  INT(2),
  QUIT(3),
  ABRT(6),
  KILL(9),
  USR1(10),
  USR2(12),
  ALRM(14),
  TERM(15),
  CONT(18),
  STOP(19),
  TSTP(20),
  WINCH(28);

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  static Optional<Signal> named(String name) {
    return Arrays.stream(values()).filter(signal -> signal.name().equals(name)).findFirst();
  }
}
