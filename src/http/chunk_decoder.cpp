#include "chunk_decoder.hpp"

#include <spidergate/core/byte_class.hpp>

#include <algorithm>
#include <cstring>

namespace spidergate::http {

chunk_decoder::step chunk_decoder::decode(char* data, std::size_t size) noexcept {
  step done;
  while (done.consumed < size && progress_ == progress::more) {
    if (part_ != part::data) {
      on_framing(data[done.consumed++]);
      continue;
    }
    const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, size - done.consumed));
    std::memmove(data + done.produced, data + done.consumed, take);
    done.produced += take;
    done.consumed += take;
    chunk_ -= take;
    if (chunk_ == 0) part_ = part::data_cr;
  }
  return done;
}

void chunk_decoder::on_framing(char c) noexcept {
  switch (part_) {
    case part::size:
      return on_size(c);
    case part::extension:
      return on_extension(c);
    case part::size_lf:
      return on_size_line_end(c);
    case part::data_cr:
      return expect(c, '\r', part::data_lf);
    case part::data_lf:
      return expect(c, '\n', part::size);
    case part::end_lf:
      expect(c, '\n', part::end_lf);
      if (progress_ == progress::more) progress_ = progress::done;
      return;
    default:
      return on_trailer(c);
  }
}

void chunk_decoder::expect(char c, char wanted, part next) noexcept {
  if (c != wanted) return fail();
  part_ = next;
}

void chunk_decoder::on_size(char c) noexcept {
  ++line_;
  int digit = -1;
  if (c >= '0' && c <= '9')
    digit = c - '0';
  else if (c >= 'a' && c <= 'f')
    digit = c - 'a' + 10;
  else if (c >= 'A' && c <= 'F')
    digit = c - 'A' + 10;
  if (digit >= 0) {
    if (++digits_ > 16) return fail();
    chunk_ = chunk_ * 16 + static_cast<std::uint64_t>(digit);
  } else if (digits_ == 0) {
    fail();
  } else if (c == ';') {
    part_ = part::extension;
  } else {
    expect(c, '\r', part::size_lf);
  }
}

void chunk_decoder::on_extension(char c) noexcept {
  if (++line_ > max_line_bytes) return fail();
  if (c == '\r')
    part_ = part::size_lf;
  else if (!is(value_byte, c))
    fail();
}

void chunk_decoder::on_size_line_end(char c) noexcept {
  if (c != '\n') return fail();
  if (chunk_ > room_) return fail(progress::too_large);
  room_ -= chunk_;
  // Each chunk may cost 16 bytes and twice what it carries. What goes beyond adds up, so that one-byte chunks behind
  // long extensions cannot go on for ever.
  overhead_ += line_;
  overhead_ -=
      std::min(overhead_, static_cast<std::size_t>(16 + 2 * std::min<std::uint64_t>(chunk_, max_overhead_bytes)));
  if (overhead_ > max_overhead_bytes) return fail();
  part_ = chunk_ == 0 ? part::trailer : part::data;
  line_ = digits_ = 0;
}

void chunk_decoder::on_trailer(char c) noexcept {
  if (++line_ > max_trailer_bytes) return fail();
  switch (part_) {
    case part::trailer:
      if (c == '\r')
        part_ = part::end_lf;
      else if (is(token_byte, c))
        part_ = part::trailer_name;
      else
        fail();
      return;
    case part::trailer_name:
      if (c == ':')
        part_ = part::trailer_value;
      else if (!is(token_byte, c))
        fail();
      return;
    case part::trailer_value:
      if (c == '\r')
        part_ = part::trailer_lf;
      else if (!is(value_byte, c))
        fail();
      return;
    default:
      return expect(c, '\n', part::trailer);
  }
}

}  // namespace spidergate::http
