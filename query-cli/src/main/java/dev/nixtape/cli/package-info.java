/// The program: its commands, and what people see. The only place where the modules meet.
@NullMarked
package dev.nixtape.cli;

import org.jspecify.annotations.NullMarked;
