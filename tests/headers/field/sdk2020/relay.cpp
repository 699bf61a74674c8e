// Passes messages on to a WebSocket, and what comes from there on to the log. In C++, with a thread.
#include <atomic>
#include <cstring>
#include <map>
#include <string>

#include "module.h"

namespace {

struct relay {
	mesibo_module_t *mod;
	mesibo_int_t sock = 0;
	std::map<std::string, int> seen;
	std::atomic<bool> stop{false};
	std::atomic<int> ended{0};
};

mesibo_int_t log_all(relay *r, const char *format, ...) {
	va_list args;
	va_start(args, format);
	mesibo_int_t result = mesibo_vlog(r->mod, 0, format, args);
	va_end(args);
	return result;
}

void on_connect(void *cbdata, mesibo_int_t asock, mesibo_int_t) {
	static_cast<relay *>(cbdata)->sock = asock;
}

void on_write(void *cbdata) {
	log_all(static_cast<relay *>(cbdata), "written\n");
}

mesibo_int_t on_data(void *cbdata, const char *data, mesibo_int_t len) {
	return log_all(static_cast<relay *>(cbdata), "%s\n", std::string(data, len).c_str());
}

void on_close(void *cbdata, mesibo_int_t type) {
	static_cast<relay *>(cbdata)->sock = 0;
	log_all(static_cast<relay *>(cbdata), "closed: %d\n", (int)type);
}

void *watch(void *data) {
	relay *r = static_cast<relay *>(data);
	while(!r->stop)
		;
	r->ended = 1;
	return nullptr;
}

mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message, mesibo_uint_t len) {
	relay *r = static_cast<relay *>(mod->ctx);
	r->seen[params->from ? params->from : ""]++;
	if(r->sock)
		mesibo_util_socket_write(r->sock, message, len);
	if(len)
		message[0] = '*';
	return MESIBO_RESULT_PASS;
}

mesibo_int_t on_config(mesibo_module_t *mod, mesibo_uint_t type, void *) {
	mesibo_log(mod, 1, "config %lu\n", type);
	return MESIBO_RESULT_OK;
}

mesibo_int_t on_cleanup(mesibo_module_t *mod) {
	relay *r = static_cast<relay *>(mod->ctx);
	r->stop = true;
	if(r->sock)
		mesibo_util_socket_close(r->sock);
	while(!r->ended)
		;
	delete r;
	return MESIBO_RESULT_OK;
}

}

MESIBO_EXPORT mesibo_int_t mesibo_module_relay_init(mesibo_int_t version, mesibo_module_t *mod, mesibo_int_t len) {
	MESIBO_MODULE_SANITY_CHECK(mod, version, len);

	relay *r = new relay();
	r->mod = mod;
	mod->ctx = r;
	mod->on_message = on_message;
	mod->on_config = on_config;
	mod->on_cleanup = on_cleanup;
	mesibo_util_create_thread(watch, r, 0, "relay");

	mesibo_socket_t s;
	memset(&s, 0, sizeof(s));
	s.url = mesibo_util_getconfig(mod, "url");
	s.keepalive = 1;
	s.verify_host = 1;
	s.on_connect = on_connect;
	s.on_write = on_write;
	s.on_data = on_data;
	s.on_close = on_close;
	return mesibo_util_socket_connect(&s, r);
}
