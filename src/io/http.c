#include "io/http.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

enum { MOST_REDIRECTS = 5, CONNECT_SECONDS = 30 };
static const size_t MOST_BYTES = (size_t)1 << 30;

/* What a transfer collects. */
typedef struct transfer {
    const etas_http *http;
    etas_http_reply *reply;
    bool chunked, too_long, no_memory, stalled;
    curl_off_t arrived;
    double since; /* that many bytes have arrived */
} transfer;

static double seconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *context)
{
    transfer *const t = context;
    etas_text *const body = &t->reply->body;

    t->too_long = size * n > MOST_BYTES - body->len;
    t->no_memory = !t->too_long && etas_text_append(body, size * n, bytes) != ETAS_OK;
    return t->too_long || t->no_memory ? 0 : size * n;
}

/* The status line of a redirect's target begins its headers anew. */
static size_t take_header(char *bytes, size_t size, size_t n, void *context)
{
    static const char chunked[] = "transfer-encoding: chunked";
    transfer *const t = context;
    const size_t len = size * n;

    if (len >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
        t->chunked = false;
    else if (len >= sizeof chunked - 1 && strncasecmp(bytes, chunked, sizeof chunked - 1) == 0)
        t->chunked = true;
    return len;
}

/* libcurl's own limit takes the mean over several seconds. */
static int look_for_stop(void *context, curl_off_t to_come, curl_off_t arrived, curl_off_t to_send,
                         curl_off_t sent)
{
    transfer *const t = context;
    const double now = seconds_now();

    (void)to_come;
    (void)to_send;
    (void)sent;
    if (arrived != t->arrived) {
        t->arrived = arrived;
        t->since = now;
    }
    t->stalled = now - t->since > t->http->cfg.stall_s;
    return t->stalled || (t->http->cfg.stop != NULL && *t->http->cfg.stop != 0);
}

etas_status etas_http_open(etas_http *self, const etas_http_config *cfg, etas_error *err)
{
    *self = (etas_http){.cfg = *cfg, .curl = curl_easy_init()};
    return self->curl != NULL ? ETAS_OK : etas_fail(err, ETAS_E_NOMEM, "libcurl cannot be started");
}

void etas_http_close(etas_http *self)
{
    curl_easy_cleanup(self->curl);
    *self = (etas_http){0};
}

/* Redirects do not lead from https to http. */
static bool set_options(const etas_http *self, const char *url, transfer *t)
{
    CURL *const c = self->curl;
    const bool tls = strncasecmp(url, "https:", 6) == 0;
    int bad = CURLE_OK;

    curl_easy_reset(c);
    bad |= (int)curl_easy_setopt(c, CURLOPT_URL, url);
    bad |= (int)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= (int)curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
    bad |= (int)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    bad |= (int)curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS);
    bad |= (int)curl_easy_setopt(c, CURLOPT_USERAGENT, self->cfg.user_agent);
    bad |= (int)curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
    bad |= (int)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    bad |= (int)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    bad |= (int)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    bad |= (int)curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    bad |= (int)curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    bad |= (int)curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look_for_stop);
    bad |= (int)curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    if (self->cfg.ca_file != NULL)
        bad |= (int)curl_easy_setopt(c, CURLOPT_CAINFO, self->cfg.ca_file);
    return bad == CURLE_OK;
}

/* Failures that say something about the request, not about the moment. */
static bool is_lasting(CURLcode code, bool reached)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        return !reached;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_OUT_OF_MEMORY:
        return true;
    default:
        return false;
    }
}

static etas_status fail(const transfer *t, CURLcode code, const char *detail, etas_error *err)
{
    if (t->stalled)
        return etas_fail(err, ETAS_E_TIMEOUT, "nothing has come for %g s", t->http->cfg.stall_s);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return etas_fail(err, ETAS_E_INTERRUPTED, "interrupted");
    if (t->too_long)
        return etas_fail(err, ETAS_E_LIMIT, "the answer is longer than %zu bytes", MOST_BYTES);
    if (t->no_memory || code == CURLE_OUT_OF_MEMORY)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory after %zu bytes of the answer",
                         t->reply->body.len);
    return etas_fail(err, code == CURLE_OPERATION_TIMEDOUT ? ETAS_E_TIMEOUT : ETAS_E_NET, "%s",
                     detail[0] != '\0' ? detail : curl_easy_strerror(code));
}

etas_status etas_http_get(etas_http *self, const char *url, etas_http_reply *out, etas_error *err)
{
    CURL *const c = self->curl;
    transfer t = {.http = self, .reply = out, .since = seconds_now()};
    char detail[CURL_ERROR_SIZE] = "";
    curl_off_t seconds = 0, length = -1;
    long version = 0;
    CURLcode code;

    out->body.len = 0;
    out->status = 0;
    out->passing = false;
    if (!set_options(self, url, &t) || curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail) != CURLE_OK)
        return etas_fail(err, ETAS_E_NOMEM, "libcurl cannot be set up");
    code = curl_easy_perform(c);
    (void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, NULL);
    (void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
    (void)curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &seconds);
    (void)curl_easy_getinfo(c, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    (void)curl_easy_getinfo(c, CURLINFO_HTTP_VERSION, &version);
    out->retry_after_s = (double)seconds;
    self->reached |= out->status != 0;
    out->complete = length >= 0 || t.chunked || version >= CURL_HTTP_VERSION_2_0;
    if (code == CURLE_OK)
        return ETAS_OK;
    out->passing = !t.too_long && !t.no_memory && !is_lasting(code, self->reached);
    return fail(&t, code, detail, err);
}
