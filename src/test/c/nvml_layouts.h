/* The layouts of NVML's C interface as measured on x86-64 Linux, with the measured numbers held by the compiler. */
#ifndef PILOTLIGHT_NVML_LAYOUTS_H
#define PILOTLIGHT_NVML_LAYOUTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct gpu *device_t;
typedef struct event_set *event_set_t;

struct utilization { uint32_t gpu, memory; };
struct memory_v1 { uint64_t total, free, used; };
struct memory_v2 { uint32_t version; uint64_t total, reserved, free, used; };
struct temperature { uint32_t version; int32_t sensor; int32_t celsius; };
struct event { device_t device; uint64_t type, data; uint32_t gpu_instance, compute_instance; };

_Static_assert(sizeof(struct utilization) == 8, "utilization");
_Static_assert(sizeof(struct memory_v1) == 24, "memory");
_Static_assert(offsetof(struct memory_v1, used) == 16, "memory.used");
_Static_assert(sizeof(struct memory_v2) == 40, "memory v2");
_Static_assert(offsetof(struct memory_v2, total) == 8, "memory v2.total");
_Static_assert(offsetof(struct memory_v2, reserved) == 16, "memory v2.reserved");
_Static_assert(offsetof(struct memory_v2, free) == 24, "memory v2.free");
_Static_assert(offsetof(struct memory_v2, used) == 32, "memory v2.used");
_Static_assert(sizeof(struct temperature) == 12, "temperature");
_Static_assert(offsetof(struct temperature, celsius) == 8, "temperature.celsius");
_Static_assert(sizeof(struct event) == 32, "event");
_Static_assert(offsetof(struct event, type) == 8, "event.type");
_Static_assert(offsetof(struct event, data) == 16, "event.data");
_Static_assert(offsetof(struct event, gpu_instance) == 24, "event.gpu_instance");
_Static_assert(sizeof(device_t) == 8, "handles are pointers");

enum {
    OK = 0, UNINITIALISED = 1, BAD_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, TIMEOUT = 10,
    LOST = 15, BAD_VERSION = 25
};

#endif
