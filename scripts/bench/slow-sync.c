/* Preloaded: every fsync and fdatasync of the process takes JOBSD_BENCH_SYNC_US microseconds longer, as a slower disk's do. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int (*sync_fn)(int);

static int sync_slowly(const char *name, int fd) {
  const char *given = getenv("JOBSD_BENCH_SYNC_US");
  long us = given ? atol(given) : 0;
  struct timespec more = {us / 1000000, us % 1000000 * 1000};
  int result = ((sync_fn)dlsym(RTLD_NEXT, name))(fd);
  nanosleep(&more, NULL);
  return result;
}

int fsync(int fd) { return sync_slowly("fsync", fd); }
int fdatasync(int fd) { return sync_slowly("fdatasync", fd); }
