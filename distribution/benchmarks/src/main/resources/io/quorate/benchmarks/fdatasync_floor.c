/* What the disk and the kernel allow: pwrite and fdatasync into a file of written zeros, one after the other.
   usage: fdatasync_floor FILE BYTES COUNT      prints the time of each pair in nanoseconds */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FILE_BYTES = 64 << 20, CHUNK = 1 << 20 };

static long nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void must(int good, const char *what) {
    if (good) return;
    perror(what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    size_t bytes = strtoul(argv[2], 0, 10);
    long count = strtol(argv[3], 0, 10);
    char *chunk = calloc(1, CHUNK), *data = malloc(bytes);
    int file = open(argv[1], O_RDWR | O_CREAT, 0600);
    must(file >= 0, argv[1]);
    /* Once: the next round finds the file as it should be. */
    if (lseek(file, 0, SEEK_END) != FILE_BYTES) {
        for (long at = 0; at < FILE_BYTES; at += CHUNK) must(pwrite(file, chunk, CHUNK, at) == CHUNK, "zeros");
        must(fsync(file) == 0, "fsync");
    }
    off_t at = 0;
    for (long i = 0; i < count; i++) {
        memset(data, (int) i + 1, bytes);
        if (at + (off_t) bytes > FILE_BYTES) at = 0;
        long begin = nanos();
        must(pwrite(file, data, bytes, at) == (ssize_t) bytes, "pwrite");
        must(fdatasync(file) == 0, "fdatasync");
        printf("%ld\n", nanos() - begin);
        at += bytes;
    }
    return 0;
}
