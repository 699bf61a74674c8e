int ticker_start(void (*tick)(void *data), void *data);
