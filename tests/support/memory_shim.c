/* Loaded before the C library: while the file that WEIR_TEST_NO_MEMORY names is there, allocations
 * of WEIR_TEST_SIZES bytes ("from-to") fail. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);

static size_t from = 1, to = 0;
static const char *path;

__attribute__((constructor)) static void begin(void) {
  const char *sizes = getenv("WEIR_TEST_SIZES");
  path = getenv("WEIR_TEST_NO_MEMORY");
  if (sizes) sscanf(sizes, "%zu-%zu", &from, &to);
}

void *malloc(size_t size) {
  if (size >= from && size <= to && path && access(path, F_OK) == 0) {
    errno = ENOMEM;
    return NULL;
  }
  return __libc_malloc(size);
}
