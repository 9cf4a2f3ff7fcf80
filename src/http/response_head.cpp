#include "response_head.hpp"

#include <spidergate/core/digits.hpp>
#include <spidergate/core/put_text.hpp>

#include <chrono>

namespace spidergate::http {

namespace {

void put_two(char* at, unsigned value) noexcept {
  at[0] = static_cast<char>('0' + value / 10 % 10);
  at[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string_view date_line::at(epoch_ms now) noexcept {
  const auto second = now / 1000;
  if (second != second_) {
    second_ = second;
    using namespace std::chrono;
    constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const sys_seconds time{seconds{second}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    constexpr std::string_view frame = "Date: Ddd, 00 Mmm 0000 00:00:00 GMT\r\n";
    frame.copy(text_.data(), frame.size());
    weekdays.copy(text_.data() + 6, 3, weekday{day}.c_encoding() * std::size_t{3});
    put_two(text_.data() + 11, static_cast<unsigned>(date.day()));
    months.copy(text_.data() + 14, 3, (static_cast<unsigned>(date.month()) - 1) * std::size_t{3});
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    put_two(text_.data() + 18, year / 100);
    put_two(text_.data() + 20, year);
    put_two(text_.data() + 23, static_cast<unsigned>(clock.hours().count()));
    put_two(text_.data() + 26, static_cast<unsigned>(clock.minutes().count()));
    put_two(text_.data() + 29, static_cast<unsigned>(clock.seconds().count()));
  }
  return {text_.data(), text_.size()};
}

void append_response_head(std::string& out, int status, const response_framing& framing, std::string_view date,
                          const header_block& headers) {
  constexpr std::size_t most_of_our_own = 192;
  const auto from = out.size();
  const auto fields = headers.text();
  out.resize(from + most_of_our_own + date.size() + fields.size());
  auto* at = put_number(put_text(out.data() + from, "HTTP/1.1 "), status);
  at = put_text(put_text(put_text(put_text(at, " "), reason_phrase(status)), "\r\n"), date);
  if (framing.content_length)
    at = put_text(put_digits(put_text(at, "Content-Length: "), *framing.content_length), "\r\n");
  if (framing.chunked) at = put_text(at, "Transfer-Encoding: chunked\r\n");
  if (framing.close)
    at = put_text(at, "Connection: close\r\n");
  else if (framing.keep_alive)
    at = put_text(at, "Connection: keep-alive\r\n");
  at = put_text(put_text(at, fields), "\r\n");
  out.resize(static_cast<std::size_t>(at - out.data()));
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 508:
      return "Loop Detected";
    case 529:
      return "Overloaded";
    default:
      return "";
  }
}

}  // namespace spidergate::http
