package dev.nixtape.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// A `host:port` to listen on.
record Address(String host, int port) {

  static final class Reader implements ITypeConverter<Address> {
    @Override
    public Address convert(String text) {
      int colon = text.lastIndexOf(':');
      try {
        int port = Integer.parseInt(text.substring(colon + 1));
        if (colon > 0 && port >= 0 && port <= 65535) {
          return new Address(text.substring(0, colon), port);
        }
      } catch (NumberFormatException e) {
        // Said below, with the form that is wanted.
      }
      throw new TypeConversionException("HOST:PORT like 127.0.0.1:7070, not '%s'".formatted(text));
    }
  }
}
