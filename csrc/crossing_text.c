/* crossing_text.c - a crossing as text: a line of JSON, or an event that trace viewers open. */
#include "interface/crossing.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const functions[] = {
#define NAME(id, name) name,
    MH_CALLBACKS(NAME) MH_HOST_FUNCTIONS(NAME)
#undef NAME
};
_Static_assert(MH_ARGUMENT_NAMES <= UINT8_MAX, "the name of an argument is a byte");
static const char *const arguments[] = {
#define NAME(name) #name,
    MH_ARGUMENTS(NAME)
#undef NAME
};

/* What MH_CROSSING_TEXT must hold: each byte of the texts as an escape of six, and around each argument a
 * name, quotes and a number. */
_Static_assert(MH_CROSSING_TEXT >= 6 * (MH_TEXTS_ROOM + MH_MODULE_ROOM) + 60 * MH_ARGUMENTS_KEPT + 1024,
               "there is room for any crossing");

mh_argument_name mh_argument_named(const char *name) {
    int i = 0;
    while (i < MH_ARGUMENT_NAMES && strcmp(arguments[i], name) != 0)
        i++;
    return (mh_argument_name)i;
}

static char *put(char *at, const char *text) {
    size_t len = strlen(text);
    memcpy(at, text, len);
    return at + len;
}

__attribute__((format(printf, 2, 3))) static char *put_format(char *at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(at, 128, format, args);
    va_end(args);
    return at + (len > 0 ? len : 0);
}

/* How many bytes of `text` are one character of UTF-8; 0: it begins with none. `cut`: it goes on behind
 * `left`, and what may be the beginning of a character counts as nothing at all (-1). */
static int character(const unsigned char *text, size_t left, bool cut) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int len = text[0] < 0x80                ? 1
              : (text[0] & 0xE0) == 0xC0 ? 2
              : (text[0] & 0xF0) == 0xE0 ? 3
              : (text[0] & 0xF8) == 0xF0 ? 4
                                         : 0;
    uint32_t code = text[0] & (0x7Fu >> (len > 1 ? len : 0));
    for (int i = 1; i < len; i++) {
        if ((size_t)i == left)
            return cut ? -1 : 0;
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3F);
    }
    bool is_one = len == 1 || (len > 1 && code >= least[len] && code <= 0x10FFFF &&
                               (code < 0xD800 || code > 0xDFFF));
    return is_one ? len : 0;
}

/* Bytes that are no text show as \xNN; what was cut ends in an ellipsis. */
static char *put_text(char *at, const char *text, size_t len, bool cut) {
    const unsigned char *bytes = (const unsigned char *)text;
    *at++ = '"';
    while (len > 0) {
        int size = character(bytes, len, cut);
        if (size < 0)
            break;
        if (size == 0)
            at = put_format(at, "\\\\x%02x", bytes[0]);
        else if (bytes[0] == '"' || bytes[0] == '\\')
            at = put_format(at, "\\%c", bytes[0]);
        else if (bytes[0] == '\n')
            at = put(at, "\\n");
        else if (bytes[0] < 0x20 || bytes[0] == 0x7F)
            at = put_format(at, "\\u%04x", bytes[0]);
        else
            at = (char *)memcpy(at, bytes, (size_t)size) + size;
        bytes += size > 0 ? size : 1;
        len -= size > 0 ? (size_t)size : 1;
    }
    if (cut)
        at = put(at, "\xE2\x80\xA6");
    *at++ = '"';
    return at;
}

static char *put_value(char *at, const mh_crossing *crossing, const mh_argument *argument) {
    switch ((mh_argument_kind)argument->kind) {
    case MH_NUMBER: return put_format(at, "%" PRIu64, argument->value);
    case MH_SIGNED: return put_format(at, "%" PRId64, (int64_t)argument->value);
    case MH_POINTER:
        return argument->value == 0 ? put(at, "null")
                                    : put_format(at, "\"%#" PRIx64 "\"", argument->value);
    case MH_TEXT: break;
    }
    return put_text(at, crossing->texts + argument->at, argument->kept,
                    argument->kept < argument->value);
}

static char *put_arguments(char *at, const mh_crossing *crossing) {
    const char *before = "";
    *at++ = '{';
    for (int i = 0; i < crossing->count; i++) {
        const mh_argument *argument = &crossing->arguments[i];
        if (argument->name == MH_ARG_result)
            continue;
        at = put_format(at, "%s\"%s\":", before, arguments[argument->name]);
        at = put_value(at, crossing, argument);
        before = ",";
    }
    if (crossing->left_out > 0)
        at = put_format(at, "%s\"left_out\":%d", before, crossing->left_out);
    *at++ = '}';
    return at;
}

static char *put_result(char *at, const mh_crossing *crossing) {
    for (int i = 0; i < crossing->count; i++)
        if (crossing->arguments[i].name == MH_ARG_result)
            return put_value(at, crossing, &crossing->arguments[i]);
    return crossing->returns ? put_format(at, "%" PRId64, crossing->result) : put(at, "null");
}

static const char *side(const mh_crossing *crossing) {
    return mh_is_host_function((mh_function)crossing->function) ? "host function" : "callback";
}

static char *put_number_or_null(char *at, const char *name, uint64_t value, uint64_t nothing) {
    return value == nothing ? put_format(at, ",\"%s\":null", name)
                            : put_format(at, ",\"%s\":%" PRIu64, name, value);
}

size_t mh_crossing_json(const mh_crossing *crossing, char out[MH_CROSSING_TEXT]) {
    char *at = put(out, "{\"module\":");
    at = put_text(at, crossing->module, strlen(crossing->module), false);
    at = put_format(at, ",\"function\":\"%s\",\"kind\":\"%s\",\"arguments\":",
                    functions[crossing->function], side(crossing));
    at = put_arguments(at, crossing);
    at = put_result(put(at, ",\"result\":"), crossing);
    at = put_format(at, ",\"process\":%d,\"thread\":%d,\"id\":%" PRIu64, crossing->process,
                    crossing->thread, crossing->id);
    at = put_number_or_null(at, "parent", crossing->parent, 0);
    at = put_format(at, ",\"start\":%" PRIu64, crossing->begun);
    at = put_number_or_null(at, "duration", crossing->took, MH_UNDER_WAY);
    return (size_t)(put(at, "}") - out);
}

static char *put_microseconds(char *at, const char *name, uint64_t nanoseconds) {
    return put_format(at, ",\"%s\":%" PRIu64 ".%03u", name, nanoseconds / 1000,
                      (unsigned)(nanoseconds % 1000));
}

/* Complete, or only begun where it is under way. */
size_t mh_crossing_event(const mh_crossing *crossing, char out[MH_CROSSING_TEXT]) {
    bool over = crossing->took != MH_UNDER_WAY;
    char *at = put_format(out, "{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"%s\",\"pid\":%d,\"tid\":%d",
                          functions[crossing->function], side(crossing), over ? "X" : "B",
                          crossing->process, crossing->thread);
    at = put_microseconds(at, "ts", crossing->begun);
    if (over)
        at = put_microseconds(at, "dur", crossing->took);
    at = put_text(put(at, ",\"args\":{\"module\":"), crossing->module, strlen(crossing->module), false);
    at = put_arguments(put(at, ",\"arguments\":"), crossing);
    at = put_result(put(at, ",\"result\":"), crossing);
    at = put_format(at, ",\"id\":%" PRIu64, crossing->id);
    at = put_number_or_null(at, "parent", crossing->parent, 0);
    return (size_t)(put(at, "}}") - out);
}
