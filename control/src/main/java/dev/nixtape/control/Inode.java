package dev.nixtape.control;

/// Which file or folder it is, whatever its path leads to by now.
///
/// @param device its file system's (`st_dev`)
/// @param number 64 bits in cgroup v2, where none is ever used again
record Inode(long device, long number) {}
