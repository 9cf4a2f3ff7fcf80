#include "event_pattern.hpp"

#include <spidergate/json/literal.hpp>

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

void event_pattern::learn(std::string_view event, std::string_view written, varying text, varying noise) {
  forget();
  if (event.size() > longest || written.size() > longest) return;
  noisy_ = noise.inside.data() != nullptr;
  if (!noisy_) noise = {{event.data() + event.size(), 0}, written.size()};
  const auto place_of = [event](std::string_view part) { return static_cast<std::size_t>(part.data() - event.data()); };
  event_.keep(event, place_of(text.inside), text.inside.size(), place_of(noise.inside), noise.inside.size());
  as_it_came_ = event == written;
  if (!as_it_came_) written_.keep(written, text.written_at, text.inside.size(), noise.written_at, noise.inside.size());
  known_ = true;
}

event_pattern::taken event_pattern::take(std::string_view bytes, std::string& out) const {
  if (!known_) return {};
  auto rest = bytes;
  if (!skip(rest, event_.before())) return {};
  const auto text = json::read_literal(rest);
  if (!text) return {};
  rest.remove_prefix(text->inside.size());
  if (!skip(rest, event_.between())) return {};
  std::string_view noise;
  if (noisy_) {
    const auto read = json::read_literal(rest);
    if (!read) return {};
    noise = read->inside;
    rest.remove_prefix(noise.size());
    if (!skip(rest, event_.behind())) return {};
  }
  const auto size = bytes.size() - rest.size();
  if (as_it_came_) {
    out.append(bytes.substr(0, size));
  } else {
    out.append(written_.before()).append(text->inside).append(written_.between());
    out.append(noise).append(written_.behind());
  }
  return {size, text->inside, text->escaped};
}

}  // namespace spidergate::providers
