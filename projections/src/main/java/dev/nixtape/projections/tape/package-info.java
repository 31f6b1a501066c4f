/// The log's contract: its topics, the entries of a session, and how an entry becomes a record.
@NullMarked
package dev.nixtape.projections.tape;

import org.jspecify.annotations.NullMarked;
