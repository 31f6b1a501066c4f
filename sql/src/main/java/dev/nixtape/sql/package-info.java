/// The finished facts as files of a day each, and SQL over them.
@NullMarked
package dev.nixtape.sql;

import org.jspecify.annotations.NullMarked;
