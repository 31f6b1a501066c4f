/// Control on the host: reads commands from Kafka, decides, acts on exactly the build that is meant
/// or refuses, and says what became of it.
@NullMarked
package dev.nixtape.control;

import org.jspecify.annotations.NullMarked;
