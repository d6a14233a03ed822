/*
 * A stand-in for NVIDIA's management library that plays a scenario from a text file.
 *
 * The test calls pilotlight_play(path) before, and again for the next scene; state set by a scene lasts until the next.
 * One line a setting, "name value", '#' begins a comment:
 *
 *   init 9                 nvmlInit_v2 answers 9
 *   count N                the number of GPUs that it tells of, instead of those below
 *   garbled BYTE           every text is filled to its end with that byte, and none ends it; 0: texts are as they are
 *   hang 1                 every call about a GPU waits until the next scene that does not say so
 *   gpu                    begins a GPU; the lines after it are about it
 *     uuid, name           text
 *     handle, all, power   what the look-up, or every other call, or the one for power, answers instead of 0
 *     utilization, memory_used, memory_total, memory_reserved, temperature, milliwatts, reasons
 *     ecc_volatile, ecc_aggregate, remapped, remap_pending, remap_failed, retired_single, retired_double
 *                          numbers; a setting that is left out answers "not supported"
 *     mig                  begins a MIG device of the GPU: uuid, name, memory_used, memory_total, gi, ci, ecc_volatile
 *     xid N [GI]           one XID event, delivered once, of GPU instance GI if given
 *     repeat N XID         N such events
 *
 * Compiled with -DOLD_DRIVER it lacks the symbols that a driver of 2021 lacks.
 */
#include "nvml_layouts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
#define GPUS 16
#define MIGS 8
#define EVENTS 4096
#define NO_VALUE (-1LL)
#define XID_EVENT 0x8ULL
#define NO_INSTANCE 0xffffffffu

struct gpu {
    char uuid[96], name[96];
    int handle_code, all_code, power_code, parent, xids_supported;
    long long utilization, memory_used, memory_total, memory_reserved, temperature, milliwatts, reasons;
    long long ecc_volatile, ecc_aggregate, remapped, remap_pending, remap_failed, retired_single, retired_double;
    long long gi, ci;
    int migs;
    struct gpu *mig[MIGS];
};

struct event_set { int registered[GPUS]; };

static struct gpu gpus[GPUS], migs[GPUS * MIGS];
static struct event events[EVENTS];
static int gpu_count, mig_count, event_count, event_next, init_code, hang, garbled, initialised, sets_open, sessions;
static long long told_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void blank(struct gpu *g, int parent) {
    memset(g, 0, sizeof *g);
    g->parent = parent;
    g->xids_supported = 1;
    long long *numbers[] = {&g->utilization, &g->memory_used, &g->memory_total, &g->memory_reserved, &g->temperature,
        &g->milliwatts, &g->reasons, &g->ecc_volatile, &g->ecc_aggregate, &g->remapped, &g->remap_pending,
        &g->remap_failed, &g->retired_single, &g->retired_double, &g->gi, &g->ci};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) *numbers[i] = NO_VALUE;
}

static void add_event(int gpu, long long xid, long long gi) {
    if (event_count == EVENTS) return;
    events[event_count++] = (struct event){&gpus[gpu], XID_EVENT, (uint64_t)xid,
        gi == NO_VALUE ? NO_INSTANCE : (uint32_t)gi, NO_INSTANCE};
}

static void set_number(struct gpu *g, const char *key, long long value) {
    struct { const char *key; long long *at; } names[] = {{"utilization", &g->utilization},
        {"memory_used", &g->memory_used}, {"memory_total", &g->memory_total},
        {"memory_reserved", &g->memory_reserved}, {"temperature", &g->temperature}, {"milliwatts", &g->milliwatts},
        {"reasons", &g->reasons}, {"ecc_volatile", &g->ecc_volatile}, {"ecc_aggregate", &g->ecc_aggregate},
        {"remapped", &g->remapped}, {"remap_pending", &g->remap_pending}, {"remap_failed", &g->remap_failed},
        {"retired_single", &g->retired_single}, {"retired_double", &g->retired_double}, {"gi", &g->gi},
        {"ci", &g->ci}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(key, names[i].key)) { *names[i].at = value; return; }
    fprintf(stderr, "fake_nvml: unknown setting %s\n", key);
    abort();
}

/* Reads a scene; 0, or 1 when the file is not there. */
EXPORT int pilotlight_play(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return 1;
    pthread_mutex_lock(&lock);
    gpu_count = mig_count = event_count = event_next = init_code = hang = garbled = 0;
    told_count = NO_VALUE;
    struct gpu *at = NULL;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        char key[64] = "", rest[400] = "";
        if (sscanf(line, " %63s %399[^\n]", key, rest) < 1 || key[0] == '#') continue;
        if (!strcmp(key, "init")) init_code = atoi(rest);
        else if (!strcmp(key, "count")) told_count = atoll(rest);
        else if (!strcmp(key, "garbled")) garbled = atoi(rest);
        else if (!strcmp(key, "hang")) hang = atoi(rest);
        else if (!strcmp(key, "gpu")) blank(at = &gpus[gpu_count++], -1);
        else if (!strcmp(key, "mig")) {
            struct gpu *parent = &gpus[gpu_count - 1];
            blank(at = &migs[mig_count++], gpu_count - 1);
            parent->mig[parent->migs++] = at;
        }
        else if (!strcmp(key, "uuid")) snprintf(at->uuid, sizeof at->uuid, "%s", rest);
        else if (!strcmp(key, "name")) snprintf(at->name, sizeof at->name, "%s", rest);
        else if (!strcmp(key, "handle")) at->handle_code = atoi(rest);
        else if (!strcmp(key, "all")) at->all_code = atoi(rest);
        else if (!strcmp(key, "power")) at->power_code = atoi(rest);
        else if (!strcmp(key, "no_xids")) at->xids_supported = 0;
        else if (!strcmp(key, "xid") || !strcmp(key, "repeat")) {
            long long first = 0, second = NO_VALUE;
            sscanf(rest, "%lld %lld", &first, &second);
            if (key[0] == 'x') add_event(gpu_count - 1, first, second);
            else for (long long i = 0; i < first; i++) add_event(gpu_count - 1, second, NO_VALUE);
        }
        else set_number(at, key, atoll(rest));
    }
    fclose(file);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return 0;
}

/* How many initialisations and event sets were not given back. */
EXPORT int pilotlight_open(void) { return initialised + sets_open; }

/* How often nvmlInit_v2 has succeeded. */
EXPORT int pilotlight_sessions(void) { return sessions; }

static void wait_while_hung(void) {
    if (!__atomic_load_n(&hang, __ATOMIC_RELAXED)) return;
    pthread_mutex_lock(&lock);
    while (hang) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static int enter(device_t d) {
    wait_while_hung();
    if (!initialised) return UNINITIALISED;
    if (!d) return BAD_ARGUMENT;
    return d->all_code;
}

#define ENTER(d) do { int code_ = enter(d); if (code_) return code_; } while (0)
#define NEED(v) do { if ((v) == NO_VALUE) return NOT_SUPPORTED; } while (0)

static int text(const char *from, char *to, uint32_t length) {
    if (garbled) {
        memset(to, garbled, length);
        return OK;
    }
    if (strlen(from) + 1 > length) return TOO_SMALL;
    strcpy(to, from);
    return OK;
}

static int number(device_t d, long long value, uint32_t *out) {
    ENTER(d);
    NEED(value);
    *out = (uint32_t)value;
    return OK;
}

static int wide(device_t d, long long value, uint64_t *out) {
    ENTER(d);
    NEED(value);
    *out = (uint64_t)value;
    return OK;
}

EXPORT int nvmlInit_v2(void) {
    if (init_code) return init_code;
    __atomic_add_fetch(&initialised, 1, __ATOMIC_SEQ_CST);
    sessions++;
    return OK;
}

EXPORT int nvmlShutdown(void) {
    if (!initialised) return UNINITIALISED;
    __atomic_sub_fetch(&initialised, 1, __ATOMIC_SEQ_CST);
    return OK;
}

EXPORT int nvmlSystemGetDriverVersion(char *out, uint32_t length) { return text("570.86.15", out, length); }

EXPORT int nvmlDeviceGetCount_v2(uint32_t *count) {
    wait_while_hung();
    if (!initialised) return UNINITIALISED;
    *count = told_count == NO_VALUE ? (uint32_t)gpu_count : (uint32_t)told_count;
    return OK;
}

EXPORT int nvmlDeviceGetHandleByIndex_v2(uint32_t index, device_t *device) {
    wait_while_hung();
    if (index >= (uint32_t)gpu_count) return BAD_ARGUMENT;
    if (gpus[index].handle_code) return gpus[index].handle_code;
    *device = &gpus[index];
    return OK;
}

EXPORT int nvmlDeviceGetUUID(device_t d, char *out, uint32_t length) { ENTER(d); return text(d->uuid, out, length); }
EXPORT int nvmlDeviceGetName(device_t d, char *out, uint32_t length) { ENTER(d); return text(d->name, out, length); }

EXPORT int nvmlDeviceGetUtilizationRates(device_t d, struct utilization *out) {
    ENTER(d);
    NEED(d->utilization);
    *out = (struct utilization){(uint32_t)d->utilization, 7};
    return OK;
}

EXPORT int nvmlDeviceGetMemoryInfo(device_t d, struct memory_v1 *out) {
    ENTER(d);
    NEED(d->memory_used);
    /* The older call counts the driver's reserve as used. */
    long long used = d->memory_used + (d->memory_reserved == NO_VALUE ? 0 : d->memory_reserved);
    *out = (struct memory_v1){(uint64_t)d->memory_total, (uint64_t)(d->memory_total - used), (uint64_t)used};
    return OK;
}

EXPORT int nvmlDeviceGetTemperature(device_t d, int sensor, uint32_t *out) {
    return sensor ? BAD_ARGUMENT : number(d, d->temperature, out);
}

EXPORT int nvmlDeviceGetPowerUsage(device_t d, uint32_t *out) {
    return d->power_code ? d->power_code : number(d, d->milliwatts, out);
}

EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(device_t d, uint64_t *out) { return wide(d, d->reasons, out); }

EXPORT int nvmlDeviceGetTotalEccErrors(device_t d, int type, int counter, uint64_t *out) {
    if (type < 0 || type > 1 || counter < 0 || counter > 1) return BAD_ARGUMENT;
    ENTER(d);
    long long value = counter ? d->ecc_aggregate : d->ecc_volatile;
    NEED(value);
    /* Corrected errors are many and harmless: a reader that asks for the wrong type shows them. */
    *out = type == 1 ? (uint64_t)value : 424242;
    return OK;
}

EXPORT int nvmlDeviceGetRetiredPages(device_t d, int cause, uint32_t *count, uint64_t *addresses) {
    ENTER(d);
    long long value = cause ? d->retired_double : d->retired_single;
    NEED(value);
    if (*count < (uint32_t)value || (!addresses && value)) { *count = (uint32_t)value; return TOO_SMALL; }
    *count = (uint32_t)value;
    return OK;
}

EXPORT int nvmlDeviceGetSupportedEventTypes(device_t d, uint64_t *out) {
    ENTER(d);
    *out = d->xids_supported ? 0x1fULL : 0x7ULL;
    return OK;
}

EXPORT int nvmlEventSetCreate(event_set_t *set) {
    *set = calloc(1, sizeof **set);
    __atomic_add_fetch(&sets_open, 1, __ATOMIC_SEQ_CST);
    return OK;
}

EXPORT int nvmlEventSetFree(event_set_t set) {
    free(set);
    __atomic_sub_fetch(&sets_open, 1, __ATOMIC_SEQ_CST);
    return OK;
}

EXPORT int nvmlDeviceRegisterEvents(device_t d, uint64_t mask, event_set_t set) {
    ENTER(d);
    if (mask != XID_EVENT) return NOT_SUPPORTED;
    set->registered[d - gpus] = 1;
    return OK;
}

EXPORT int nvmlEventSetWait_v2(event_set_t set, struct event *out, uint32_t timeout_ms) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&lock);
    int code = TIMEOUT;
    for (;;) {
        while (event_next < event_count && !set->registered[events[event_next].device - gpus]) event_next++;
        if (event_next < event_count) { *out = events[event_next++]; code = OK; break; }
        if (pthread_cond_timedwait(&changed, &lock, &until)) break;
    }
    pthread_mutex_unlock(&lock);
    return code;
}

#ifndef OLD_DRIVER

EXPORT int nvmlDeviceGetMemoryInfo_v2(device_t d, struct memory_v2 *out) {
    ENTER(d);
    if (out->version != (sizeof *out | 2u << 24)) return BAD_VERSION;
    NEED(d->memory_used);
    long long reserved = d->memory_reserved == NO_VALUE ? 0 : d->memory_reserved;
    *out = (struct memory_v2){out->version, (uint64_t)d->memory_total, (uint64_t)reserved,
        (uint64_t)(d->memory_total - d->memory_used - reserved), (uint64_t)d->memory_used};
    return OK;
}

EXPORT int nvmlDeviceGetTemperatureV(device_t d, struct temperature *out) {
    if (out->version != (sizeof *out | 1u << 24) || out->sensor) return BAD_VERSION;
    ENTER(d);
    NEED(d->temperature);
    out->celsius = (int32_t)d->temperature;
    return OK;
}

EXPORT int nvmlDeviceGetCurrentClocksEventReasons(device_t d, uint64_t *out) { return wide(d, d->reasons, out); }

EXPORT int nvmlDeviceGetRemappedRows(device_t d, uint32_t *correctable, uint32_t *uncorrectable, uint32_t *pending,
        uint32_t *failed) {
    ENTER(d);
    NEED(d->remapped);
    *correctable = 0;
    *uncorrectable = (uint32_t)d->remapped;
    *pending = d->remap_pending > 0;
    *failed = d->remap_failed > 0;
    return OK;
}

EXPORT int nvmlDeviceGetMigMode(device_t d, uint32_t *current, uint32_t *pending) {
    ENTER(d);
    *current = *pending = d->migs > 0;
    return OK;
}

EXPORT int nvmlDeviceGetMaxMigDeviceCount(device_t d, uint32_t *count) {
    ENTER(d);
    *count = 7;
    return OK;
}

EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(device_t d, uint32_t index, device_t *mig) {
    ENTER(d);
    /* Slots are not filled from the front: the first is left empty. */
    if (index == 0 || index > (uint32_t)d->migs) return NOT_FOUND;
    *mig = d->mig[index - 1];
    return OK;
}

EXPORT int nvmlDeviceGetGpuInstanceId(device_t d, uint32_t *out) { return number(d, d->gi, out); }
EXPORT int nvmlDeviceGetComputeInstanceId(device_t d, uint32_t *out) { return number(d, d->ci, out); }

#endif
