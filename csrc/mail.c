/* mail.c - what modules send and log: during one pass for whoever made the pass, else for the host. */
#include "core.h"

#include <stdlib.h>

mh_mail *mh_mail_for(mh_pass *pass, const mh_host *host) {
    if (pass->mail == NULL) {
        pass->mail = calloc(1, sizeof *pass->mail);
        if (pass->mail != NULL) {
            pass->mail->sent.limit = host->limits.outbox_bytes;
            pass->mail->logs.limit = host->limits.log_bytes;
        }
    }
    return pass->mail;
}

mh_mail *mh_pass_mail(const mh_instance *from) {
    mh_pass *pass = mh_current_pass();
    if (pass == NULL || !pass->collect || mh_top->instance->host != from->host)
        return NULL;
    return mh_mail_for(pass, from->host);
}

void mh_mail_free(mh_mail *mail) {
    if (mail == NULL)
        return;
    mh_queue_free(&mail->sent);
    mh_queue_free(&mail->logs);
    for (size_t i = 0; i < mail->returned_count; i++)
        mh_instance_unref(mail->returned[i].instance);
    free(mail->returned);
    free(mail);
}

void mh_dropped_since(mh_host *host, uint64_t *sent, uint64_t *logs) {
    pthread_mutex_lock(&host->mail_lock);
    *sent = host->sent.dropped;
    *logs = host->logs.dropped;
    pthread_mutex_unlock(&host->mail_lock);
}
