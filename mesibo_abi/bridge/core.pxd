# The mirror of csrc/host.h, in its order, and nothing else.
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "<stdbool.h>" nogil:
    ctypedef bint c_bool "bool"

cdef extern from "host.h" nogil:
    enum:
        MH_LAST_LINES
        MH_IN_INIT
        MH_IN_CLEANUP
        MH_IN_HTTP
        MH_IN_FCGI
        MH_IN_SOCKET

    ctypedef struct mh_crash_frame:
        uint64_t address, offset
        int32_t object

    ctypedef struct mh_crash:
        uint32_t kind, stage, reached
        uint64_t allowed
        int32_t signal, code
        c_bool own, has_address, writes, own_thread
        int32_t event, thread
        char thread_name[16]
        uint64_t address, pc, sp, stack_low, stack_high, message, message_size
        uint8_t lent
        c_bool is_over
        uint64_t registers[34]
        uint32_t register_count, frame_count, found_count, object_count
        uint64_t left_out
        mh_crash_frame frames[64]
        mh_crash_frame found[64]
        mh_crash_frame entry
        char objects[24][512]
        char request[256]
        char exception[256]
        uint32_t line_count
        char lines[8][240]

    enum:
        MH_LAST_CROSSINGS
        MH_CROSSING_TEXT

    ctypedef struct mh_crossing:
        pass

    size_t mh_crossing_json(const mh_crossing *crossing, char *out)

cdef extern from "host.h" nogil:
    ctypedef struct mh_host:
        pass
    ctypedef struct mh_instance:
        pass
    ctypedef struct mh_request:
        pass

    ctypedef struct mh_params:
        uint64_t aid, id, refid, groupid, flags, type, expiry, uflags, status, sid, device
        const char *to
        const char *from_ "from"
        size_t to_len, from_len

    ctypedef enum mh_event_kind:
        MH_ON_MESSAGE
        MH_ON_MESSAGE_STATUS
        MH_ON_CALL
        MH_ON_CALL_STATUS
        MH_ON_LOGIN
        MH_ON_CONFIG
        MH_EVENT_KINDS

    ctypedef struct mh_user:
        uint64_t flags
        int64_t online
        const char *address
        size_t address_len

    ctypedef struct mh_event:
        mh_event_kind kind
        const mh_params *params
        const char *message
        size_t len
        uint64_t status
        const mh_user *user
        uint64_t type
        void *config
        size_t config_len
        void *source

    ctypedef struct mh_damage:
        const char *field
        const char *callback
        size_t offset
        uint64_t expected, found

    ctypedef enum mh_failure:
        MH_SOUND
        MH_BAD_CODE
        MH_DAMAGED
        MH_UPCALL_FAILED
        MH_NO_MEMORY_FOR_IT
        MH_REWRITE_LOST

    ctypedef struct mh_queue:
        size_t count
        uint64_t dropped

    ctypedef struct mh_returned:
        mh_instance *instance
        int64_t code
        mh_failure failure
        mh_damage damage

    ctypedef struct mh_mail:
        mh_queue sent, logs
        mh_returned *returned
        size_t returned_count

    ctypedef struct mh_pass:
        c_bool collect
        c_bool held
        c_bool over
        mh_mail *mail
        unsigned failures
        void *errors

    ctypedef struct mh_outcome:
        int result
        mh_instance *by
        mh_instance *failed
        mh_failure failure
        int64_t code
        mh_damage damage
        char *rewritten

    void mh_mail_free(mh_mail *mail)
    void mh_instance_unref(mh_instance *instance)

    ctypedef struct mh_sent:
        uint64_t row
        mh_params params
        const char *label
        const char *message
        size_t label_len, len

    ctypedef struct mh_line:
        uint64_t row
        const char *label
        const char *text
        size_t label_len, len
        uint64_t level
        int64_t time
        int thread

    bint mh_sent_front(const mh_queue *queue, mh_sent *out)
    bint mh_line_front(const mh_queue *queue, mh_line *out)
    bint mh_line_next(const mh_queue *queue, size_t *at, mh_line *out)
    void mh_queue_pop(mh_queue *queue)
    void mh_queue_free(mh_queue *queue)

    ctypedef struct mh_hooks:
        void *context
        int64_t (*send)(void *, mh_instance *, const mh_params *, const char *,
                        size_t) noexcept nogil
        int64_t (*log)(void *, const mh_line *) noexcept nogil
        c_bool (*serve)(void *) noexcept nogil
        void (*ended)(void *, mh_instance *, const mh_event *, const mh_crash *) noexcept nogil
        void (*stopped)(void *, mh_instance *, int, int) noexcept nogil
        void *(*let_go)(void *) noexcept nogil
        void (*take_back)(void *, void *) noexcept nogil
        void (*answer)(void *, mh_request *) noexcept nogil

    ctypedef struct mh_limits:
        size_t outbox_bytes, log_bytes, requests

    mh_host *mh_host_new(const mh_hooks *hooks, const mh_limits *limits, bint pass_on_failure)
    void mh_host_free(mh_host *host)
    void mh_host_stop(mh_host *host)
    void mh_host_refuse(mh_host *host)
    void mh_host_hurry(mh_host *host)
    bint mh_host_here(const mh_host *host)
    unsigned mh_generation
    void mh_take_sent(mh_host *host, mh_queue *out)
    void mh_take_logs(mh_host *host, mh_queue *out)
    bint mh_has_mail(mh_host *host)
    uint64_t mh_refused_requests(mh_host *host)
    void mh_host_time(mh_host *host)

    ctypedef enum mh_trace_form:
        MH_TRACE_LINES
        MH_TRACE_EVENTS

    ctypedef struct mh_traced:
        uint64_t crossings, dropped
        int error

    bint mh_host_trace(mh_host *host, int fd, mh_trace_form form)
    void mh_host_traced(const mh_host *host, mh_traced *out)
    const mh_crossing *mh_last_crossings(const mh_instance *instance, size_t *count)
    bint mh_restart_refused(const mh_instance *instance, int64_t *code)

    ctypedef enum mh_called:
        MH_CALLED
        MH_NOT_OPEN
        MH_NOT_SET
        MH_BUSY
        MH_NO_ROOM

    mh_called mh_process(mh_host *host, mh_event *event, mh_pass *passing, mh_outcome *out)
    mh_called mh_try_process(mh_host *host, mh_event *event, mh_pass *passing,
                             mh_outcome *out)
    mh_called mh_notify(mh_host *host, const mh_event *event, mh_instance *only, mh_pass *passing)
    mh_called mh_call(mh_instance *instance, mh_event *event, mh_pass *passing,
                      mh_outcome *out)
    mh_called mh_try_call(mh_instance *instance, mh_event *event, mh_pass *passing,
                          mh_outcome *out)

    ctypedef enum mh_text_layout:
        MH_TEXT_ABSENT
        MH_TEXT_OFFSETS_32
        MH_TEXT_OFFSETS_64
        MH_TEXT_VIEWS

    ctypedef struct mh_text_column:
        mh_text_layout layout
        const uint8_t *valid
        const void *index
        const char *bytes
        const char *const *buffers
        const int64_t *sizes
        size_t buffer_count
        size_t offset

    ctypedef struct mh_word_column:
        const uint8_t *valid
        const void *values
        size_t offset
        unsigned size

    const char *mh_text_at(const mh_text_column *column, uint64_t row, size_t *len)
    uint64_t mh_text_broken(const mh_text_column *column, uint64_t first, uint64_t last)

    enum:
        MH_WORDS

    ctypedef struct mh_columns:
        mh_text_column message
        mh_text_column to
        mh_text_column from_ "from"
        mh_word_column words[11]

    void mh_columns_row(const mh_columns *columns, uint64_t row, mh_event *event, mh_params *params)

    ctypedef struct mh_row_failure:
        uint64_t row
        mh_instance *instance
        mh_failure failure
        int64_t code
        mh_damage damage
        void *errors

    ctypedef struct mh_texts:
        char *bytes
        uint64_t *ends
        uint8_t *valid
        size_t count
        size_t nulls

    ctypedef struct mh_sent_columns:
        uint64_t *rows
        uint64_t *words[11]
        int32_t *labels
        mh_texts message
        mh_texts to
        mh_texts from_ "from"
        mh_texts names
        size_t count

    void mh_sent_at(const mh_sent_columns *columns, size_t at, mh_sent *out)
    bint mh_sent_columns_join(mh_sent_columns *columns, mh_sent_columns *others)

    ctypedef struct mh_batch:
        mh_columns columns
        const mh_event *events
        int8_t *results
        int32_t *by
        mh_instance **modules
        size_t module_count
        mh_sent_columns sent
        mh_queue logs
        mh_mail *mail
        mh_row_failure *failures
        size_t failure_count
        c_bool over
        uint64_t *rewritten_rows
        size_t *rewritten_ends
        char *rewritten
        size_t rewritten_count
        mh_host *host
        const void *chain

    bint mh_batch_begin(mh_host *host, mh_batch *batch)
    mh_called mh_batch_run(mh_batch *batch, uint64_t first, uint64_t last, uint64_t *done)
    void mh_batch_leave(mh_batch *batch)
    void mh_batch_end(mh_batch *batch)

    ctypedef struct mh_script:
        void *self
        uint32_t events
        uint64_t flags
        int64_t (*init)(void *, mh_instance *) noexcept nogil
        int64_t (*on_event)(void *, const mh_event *) noexcept nogil
        int64_t (*cleanup)(void *) noexcept nogil

    ctypedef struct mh_item:
        const char *name
        const char *value

    ctypedef struct mh_file:
        uint64_t device, inode
        int64_t size, seconds, nanoseconds

    bint mh_file_now(const char *path, mh_file *out)

    ctypedef struct mh_worker_limits:
        uint64_t memory, cpu_time, open_files
        bint no_network

    ctypedef struct mh_isolation:
        const char *worker
        double deadline, init_deadline
        unsigned restarts
        double period
        mh_worker_limits limits
        bint bare

    ctypedef struct mh_load:
        const char *label
        const char *path
        const mh_file *file
        const char *entry
        const char *revision
        const char *otherwise
        const mh_script *script
        const mh_isolation *isolation
        const mh_item *items
        size_t item_count
        void *tag
        uint64_t log_level
        bint thread_safe, hold_gil, zero_copy, keep_mapped, has_synchronous, guessed

    ctypedef enum mh_refusal_kind:
        MH_ACCEPTED
        MH_NO_MEMORY
        MH_HOST_CLOSED
        MH_NO_SUCH_REVISION
        MH_NOT_OPENED
        MH_NO_ENTRY
        MH_GUESS_CRASHED
        MH_INIT_REFUSED
        MH_INIT_FAILED
        MH_INIT_DAMAGED
        MH_BAD_SLOT
        MH_NOT_STARTED
        MH_INIT_CRASHED
        MH_NOT_LIMITED

    ctypedef struct mh_refusal:
        mh_refusal_kind kind
        int64_t code
        mh_damage damage
        char text[1024]

    const char *mh_revision_name(size_t index)
    mh_instance *mh_load_module(mh_host *host, const mh_load *what, mh_pass *passing,
                                mh_refusal *refusal)

    ctypedef enum mh_closing:
        MH_CLOSED
        MH_CLOSED_KEPT
        MH_CLOSED_BUSY
        MH_CLOSED_OVERWRITTEN
        MH_ALREADY_CLOSED
        MH_INSIDE_ITSELF
        MH_LOCK_TIMEOUT

    bint mh_reload(mh_instance *instance, mh_pass *passing, int64_t *code, mh_refusal *refusal)
    mh_closing mh_close(mh_instance *instance, mh_pass *passing, double seconds, int64_t *code,
                        mh_damage *damage)
    bint mh_has_callback(mh_instance *instance, mh_event_kind kind)
    bint mh_module_words(mh_instance *instance, uint64_t *version, uint64_t *flags)
    long mh_module_name(mh_instance *instance, char *out, size_t size)
    const char *mh_label(const mh_instance *instance)
    void mh_set_tag(mh_instance *instance, void *tag)
    void *mh_tag(const mh_instance *instance)
    ctypedef struct mh_stats:
        uint64_t passed, consumed, failed, events, sent, logged
        uint64_t timed, p50, p90, p99, p999, most

    void mh_instance_stats(const mh_instance *instance, mh_stats *out)
    const char *mh_instance_revision(const mh_instance *instance)

    bint mh_inside_host(const mh_host *host)
    mh_pass *mh_current_pass()
    bint mh_is_held()
    void mh_upcall_failed()
    int64_t mh_log_text(mh_instance *from_, uint64_t level, const char *text, size_t len)
    int64_t mh_script_send(mh_instance *from_, const mh_params *params, const char *message,
                           uint64_t len)
    int64_t mh_script_log(mh_instance *from_, uint64_t level, const char *text, size_t len)
    bint mh_script_rewrite(mh_instance *from_, const char *message, size_t len)

    ctypedef struct mh_http:
        const char *url
        const char *post
        size_t post_len
        const char *proxy
        const char *content_type
        const char *extra_header
        const char *user_agent
        const char *referrer
        const char *origin
        const char *cookie
        const char *encoding
        const char *cache_control
        const char *accept
        const char *etag
        uint64_t ims, maxredirects, conn_timeout, header_timeout, body_timeout
        uint64_t total_timeout, retries

    enum:
        MH_FCGI_PARAMS

    ctypedef struct mh_fcgi:
        const char *host
        int64_t port
        bint keepalive
        const char *body
        size_t body_len
        const char **names
        const char **values

    ctypedef struct mh_socket:
        const char *url
        const char *ws_protocol
        bint keepalive, verify_host

    ctypedef enum mh_request_kind:
        MH_HTTP
        MH_FCGI
        MH_SOCKET

    ctypedef struct mh_what:
        mh_request_kind kind
        bint synchronous
        mh_http http
        mh_fcgi fcgi
        mh_socket socket

    ctypedef enum mh_answer_kind:
        MH_ANSWER_REQUEST
        MH_ANSWER_REQBODY
        MH_ANSWER_HEADERS
        MH_ANSWER_BODY
        MH_ANSWER_FAILED
        MH_ANSWER_CANCELLED
        MH_ANSWER_CONNECTED
        MH_ANSWER_WRITTEN
        MH_ANSWER_DATA
        MH_ANSWER_CLOSED

    ctypedef struct mh_answer:
        mh_answer_kind kind
        int progress
        int64_t status
        const char *content_type
        const char *data
        size_t size

    ctypedef struct mh_receiver:
        int64_t (*sink)(const mh_receiver *, const mh_answer *) noexcept nogil
        void *cbdata
        void (*release)(void *) noexcept nogil
        int64_t number

    int64_t mh_script_http(mh_instance *from_, const mh_what *what, const mh_receiver *receiver)
    bint mh_exports_promote()

    c_bool mh_gate_closed
    bint mh_gate_enter()
    void mh_gate_leave()
    bint mh_at_thread_end(void (*ended)(void *) noexcept nogil, void *data)
    c_bool mh_thread_known
    bint mh_gate_close(double seconds)
    bint mh_gate_bars()
    void mh_gate_wait()

    ctypedef enum mh_command_kind:
        MH_NO_COMMAND
        MH_START
        MH_WRITE
        MH_CLOSE
        MH_RESUME
        MH_CANCEL

    ctypedef struct mh_bytes:
        size_t size
        char data[]

    ctypedef struct mh_command:
        mh_command_kind kind
        mh_request *request
        mh_bytes *bytes
        uint64_t id

    int mh_wakeup_fd(const mh_host *host)
    void mh_clear_wakeup(mh_host *host)
    mh_command mh_take_command(mh_host *host)
    const mh_what *mh_request_what(const mh_request *request)
    int64_t mh_request_number(const mh_request *request)
    bint mh_request_over(const mh_request *request)
    size_t mh_request_backlog(const mh_request *request)
    bint mh_request_pause(mh_request *request, size_t size)
    bint mh_request_answer(mh_request *request, const mh_answer *answer)
    bint mh_request_answer_here(mh_request *request, const mh_answer *answer)
    void mh_request_unref(mh_request *request)
    bint mh_wait_idle(mh_host *host, double seconds)
    size_t mh_open_requests(mh_host *host)

    cdef enum:
        MH_TRIAL_ROW

    ctypedef enum mh_place:
        MH_ROOMY
        MH_AT_END
        MH_AT_START

    ctypedef struct mh_offer:
        uint64_t version, signature
        int64_t size

    ctypedef struct mh_area:
        const char *name
        uint64_t start, size
        uint64_t low, high
        c_bool read_only, sealed

    ctypedef struct mh_spill:
        const char *name
        int64_t offset
        uint8_t found

    ctypedef struct mh_placing:
        mh_place message, params, addresses
        c_bool read_only

    ctypedef struct mh_trial:
        pass

    mh_trial *mh_trial_new(mh_host *host, const mh_load *what, mh_place place,
                           mh_refusal *refusal)
    int64_t mh_trial_init(mh_trial *trial, const mh_offer *offer)
    bint mh_trial_slot(const mh_trial *trial, size_t index, const char **name, uint64_t *value,
                       c_bool *code)
    bint mh_trial_change(const mh_trial *trial, size_t *at, mh_damage *out)
    bint mh_trial_place(mh_trial *trial, const mh_event *event, const mh_placing *placing)
    int64_t mh_trial_call(mh_trial *trial)
    void mh_trial_seal(mh_trial *trial)
    void mh_trial_let_go(mh_trial *trial)
    bint mh_trial_area(const mh_trial *trial, size_t index, mh_area *out)
    bint mh_trial_spill(const mh_trial *trial, bint structure, mh_spill *out)
    ctypedef enum mh_misuse_kind:
        MH_TOO_LONG
        MH_UNTERMINATED
        MH_FORMAT
        MH_FLAGS
        MH_REFUSED
        MH_LATE

    ctypedef enum mh_given_kind:
        MH_GIVEN_MESSAGE
        MH_GIVEN_FORMAT
        MH_GIVEN_REQUEST
        MH_GIVEN_BYTES
        MH_GIVEN_JSON
        MH_GIVEN_ITEM
        MH_GIVEN_REFUSED

    ctypedef struct mh_misuse:
        mh_misuse_kind kind
        mh_given_kind given
        mh_request_kind request
        const char *field
        const char *area
        uint64_t address, len, room
        char text[512]
        uint32_t frame_count
        uint64_t frames[24]

    bint mh_trial_misuse(mh_trial *trial, mh_misuse *out)

    ctypedef struct mh_asked:
        uint64_t id
        mh_request_kind kind
        const char *where
        c_bool posts

    ctypedef struct mh_step:
        mh_answer answer
        size_t piece

    bint mh_trial_asked(mh_trial *trial, size_t index, mh_asked *out)
    ctypedef struct mh_planning:
        mh_place place
        c_bool read_only, seal

    bint mh_trial_plan(mh_trial *trial, const mh_step *steps, size_t count,
                       const mh_planning *planning)
    bint mh_trial_play(mh_trial *trial, uint64_t id, uint64_t *calls)
    uint64_t mh_trial_synchronous(const mh_trial *trial)
    void mh_trial_end_requests(mh_trial *trial)
    int64_t mh_trial_cleanup(mh_trial *trial)
    bint mh_trial_close(mh_trial *trial)
    void mh_trial_free(mh_trial *trial, bint keep)

    ctypedef struct mh_word:
        const char *name
        c_bool own

    bint mh_revision_struct(const char *revision, size_t index, const char **name, size_t *size,
                            const mh_word **words)

    enum:
        MH_FAULT_FRAMES
        MH_FAULT_FOUND
        MH_FAULT_MAPS

    ctypedef struct mh_fault:
        int32_t done, signal, code, writing
        uint64_t address
        uint32_t frame_count, found_count, maps_size
        uint64_t frames[48]
        uint64_t found[96]
        char maps[512 * 1024]

    mh_fault *mh_fault_new(int file, int64_t offset)
    void mh_fault_free(mh_fault *fault)
    bint mh_fault_watch(mh_fault *fault)
