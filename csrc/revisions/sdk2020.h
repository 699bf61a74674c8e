/* sdk2020.h - what the files of that revision share. */
#ifndef MESIBO_SDK2020_H
#define MESIBO_SDK2020_H

#include "../core.h"

/* See mh_revision. */
int64_t mh_sdk2020_http(mh_instance *caller, void *request, void *cbdata);
int64_t mh_sdk2020_fcgi(mh_instance *caller, void *request, const char *host, int64_t port, int64_t keepalive,
                        void (*callback)(void), void *cbdata);
int64_t mh_sdk2020_socket(mh_instance *caller, void *socket, void *cbdata);
void mh_sdk2020_fill_slots(mh_instance *instance);

#endif
