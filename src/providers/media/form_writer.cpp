#include "form_writer.hpp"

#include "../wire_headers.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

namespace spidergate::providers::media {

namespace {

constexpr std::uint64_t fnv_basis = 14695981039346656037U, fnv_prime = 1099511628211U;

std::uint64_t mix(std::string_view text, std::uint64_t seed) {
  for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * fnv_prime;
  return seed;
}

std::string_view keep(wire_request& wire, std::string text) {
  wire.owned.push_back(std::make_unique<std::string>(std::move(text)));
  return *wire.owned.back();
}

/// A file's name within quotes: what would end them becomes '_'.
std::string quotable(std::string_view name) {
  std::string out(name.substr(0, 256));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' '; }, '_');
  return out;
}

}  // namespace

void form_writer::field(std::string_view name, std::string value) {
  parts_.push_back(
      {.name = std::string(name), .filename = {}, .content_type = {}, .text = std::move(value), .bytes = {}});
}

void form_writer::file(std::string_view name, const model::form_part& file) {
  parts_.push_back({.name = std::string(name),
                    .filename = file.filename.empty() ? "file" : quotable(file.filename),
                    .content_type = std::string(file.content_type),
                    .text = {},
                    .bytes = file.content,
                    .is_file = true});
}

/// A hash of what is sent, until one fits: no file holds them all.
std::string form_writer::boundary() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint64_t seed = fnv_basis;
  for (const auto& p : parts_) seed = mix(p.content().substr(0, 64), mix(p.name, seed));
  for (;; seed = mix("again", seed)) {
    std::string text = "sg-";
    for (std::uint64_t rest = seed, i = 0; i < 16; ++i, rest >>= 4) text.push_back(digits[rest & 15]);
    const bool occurs = std::any_of(parts_.begin(), parts_.end(), [&text](const part& p) {
      return p.content().find(text) != std::string_view::npos;
    });
    if (!occurs) return text;
  }
}

void form_writer::finish(wire_request& wire) {
  const auto limit = boundary();
  bool first = true;
  for (auto& p : parts_) {
    std::string head = std::exchange(first, false) ? "--" : "\r\n--";
    head.append(limit).append("\r\nContent-Disposition: form-data; name=\"").append(p.name).append("\"");
    if (p.is_file) head.append("; filename=\"").append(p.filename).append("\"");
    head.append("\r\n");
    if (!p.content_type.empty()) append_header(head, "Content-Type", "", p.content_type);
    wire.body.push_back(keep(wire, head.append("\r\n")));
    wire.body.push_back(p.is_file ? p.bytes : keep(wire, std::move(p.text)));
  }
  wire.body.push_back(keep(wire, (first ? "--" : "\r\n--") + limit + "--\r\n"));
  wire.content_type = "multipart/form-data; boundary=" + limit;
}

}  // namespace spidergate::providers::media
