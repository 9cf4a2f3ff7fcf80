#include "event_pattern.hpp"

#include <spidergate/json/literal.hpp>

#include <algorithm>

namespace spidergate::providers {

namespace {

/// Takes `expected` off the front of `bytes`, if it is there.
bool skip(std::string_view& bytes, std::string_view expected) noexcept {
  if (!bytes.starts_with(expected)) return false;
  bytes.remove_prefix(expected.size());
  return true;
}

}  // namespace

void event_pattern::frame::keep(std::string_view whole, std::size_t text_at, std::size_t text_size,
                                std::size_t noise_at, std::size_t noise_size) {
  bytes.clear();
  bytes.reserve(whole.size());
  bytes.append(whole.substr(0, text_at));
  first = bytes.size();
  const auto text_end = text_at + text_size;
  bytes.append(whole.substr(text_end, noise_at - text_end));
  second = bytes.size();
  bytes.append(whole.substr(noise_at + noise_size));
}

void event_pattern::learn(std::string_view event, std::string_view written, varying text, padding noise) {
  forget();
  if (event.size() > longest || written.size() > longest) return;
  const auto place_of = [event](std::string_view part) { return static_cast<std::size_t>(part.data() - event.data()); };
  noise_ = noise.bytes.data() == nullptr ? noise::none : noise.blanks ? noise::blanks : noise::string;
  if (noise_ == noise::none) noise.bytes = event.substr(event.size());
  event_.keep(event, place_of(text.bytes), text.bytes.size(), place_of(noise.bytes), noise.bytes.size());
  as_it_came_ = event == written;
  noise_written_ = noise.written_at != varying::nowhere;
  if (!noise_written_) noise.bytes = {}, noise.written_at = written.size();
  if (!as_it_came_) written_.keep(written, text.written_at, text.bytes.size(), noise.written_at, noise.bytes.size());
  known_ = true;
}

bool event_pattern::take_noise(std::string_view& bytes) const noexcept {
  if (noise_ == noise::blanks) {
    bytes.remove_prefix(std::min(bytes.find_first_not_of(' '), bytes.size()));
  } else if (noise_ == noise::string) {
    const auto read = json::read_literal(bytes);
    if (!read) return false;
    bytes.remove_prefix(read->inside.size());
  }
  return true;
}

event_pattern::taken event_pattern::take(std::string_view bytes, std::string& out) const {
  if (!known_) return {};
  auto rest = bytes;
  if (!skip(rest, event_.before())) return {};
  const auto text = json::read_literal(rest);
  if (!text || text->inside.empty()) return {};
  rest.remove_prefix(text->inside.size());
  if (!skip(rest, event_.between())) return {};
  const auto behind_text = rest;
  if (!take_noise(rest)) return {};
  const auto noise = behind_text.substr(0, behind_text.size() - rest.size());
  if (!skip(rest, event_.behind())) return {};
  const auto size = bytes.size() - rest.size();
  const auto put = [&out](std::string_view piece) { out.append(piece.data(), piece.size()); };
  if (as_it_came_) {
    put(bytes.substr(0, size));
  } else {
    put(written_.before());
    put(text->inside);
    put(written_.between());
    if (noise_written_) put(noise);
    put(written_.behind());
  }
  return {size, text->inside, text->escaped};
}

}  // namespace spidergate::providers
