package dev.nixtape.streams;

/// What is answered at a path that another part of the process has on the query server.
///
/// @param status HTTP's
/// @param contentType with the character set, which is UTF-8
public record Reply(int status, String contentType, String body) {}
