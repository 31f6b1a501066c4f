package dev.nixtape.streams;

import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// Several ordered streams as one, read as far as it is asked for.
final class Merge<T> implements Iterator<T> {
  private final PriorityQueue<Head<T>> heads;

  private record Head<T>(T value, Iterator<T> rest) {}

  private Merge(List<Stream<T>> streams, Comparator<? super T> order) {
    heads =
        new PriorityQueue<>(
            Math.max(1, streams.size()), (a, b) -> order.compare(a.value(), b.value()));
    for (Stream<T> stream : streams) {
      next(stream.iterator());
    }
  }

  static <T> Stream<T> of(List<Stream<T>> streams, Comparator<? super T> order) {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                new Merge<>(streams, order), Spliterator.ORDERED | Spliterator.NONNULL),
            false)
        .onClose(() -> streams.forEach(Stream::close));
  }

  private void next(Iterator<T> rest) {
    if (rest.hasNext()) {
      heads.add(new Head<>(rest.next(), rest));
    }
  }

  @Override
  public boolean hasNext() {
    return !heads.isEmpty();
  }

  @Override
  public T next() {
    Head<T> head = heads.remove();
    next(head.rest());
    return head.value();
  }
}
