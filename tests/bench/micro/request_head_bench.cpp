#include "head_parser.hpp"

#include <spidergate/http/request_head.hpp>

#include <benchmark/benchmark.h>

#include <iterator>
#include <string_view>

namespace {

constexpr std::string_view sdk_head =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: 127.0.0.1:4080\r\n"
    "Accept: application/json\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: OpenAI/Python 1.99.0\r\n"
    "X-Stainless-Lang: python\r\n"
    "X-Stainless-Package-Version: 1.99.0\r\n"
    "X-Stainless-OS: Linux\r\n"
    "X-Stainless-Arch: x64\r\n"
    "X-Stainless-Runtime: CPython\r\n"
    "X-Stainless-Runtime-Version: 3.11.2\r\n"
    "Authorization: Bearer sg_key_prod_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZab\r\n"
    "X-Stainless-Async: false\r\n"
    "X-Stainless-Retry-Count: 0\r\n"
    "Content-Length: 512\r\n"
    "\r\n";

void parses_the_head_an_sdk_sends(benchmark::State& state) {
  spidergate::http::request_head head;
  for (auto _ : state) benchmark::DoNotOptimize(spidergate::http::parse_head(sdk_head, head));
  state.SetBytesProcessed(state.iterations() * std::ssize(sdk_head));
}
BENCHMARK(parses_the_head_an_sdk_sends);

}  // namespace
