#include <algorithm>
#include <utility>

#include "diagnostics/render.h"
#include "diagnostics/usual_names.h"

namespace rxrun {
namespace {

constexpr std::size_t longest_word = 100;      // the distance costs the product of both lengths
constexpr std::size_t most_work = 20'000'000;  // of such products: about 50 ms; what comes later is not looked at

// Case and the two ways to join words are no difference to a reader.
std::string folded(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') c = '_';
  }
  return out;
}

// Damerau-Levenshtein distance where no part is edited twice: insert, delete, replace, swap neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

// How a candidate resembles a word, the closest first.
enum class Likeness { same_letters, usual_name, one_slip, abbreviation, slips, shared_words, none };

std::vector<std::string_view> words_of(std::string_view name) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('_', begin), name.size());
    if (end > begin) words.push_back(name.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string without_joints(std::string_view name) {
  std::string out(name);
  std::erase(out, '_');
  return out;
}

// "avg" of "average", "img" of "image", "conv" of "convolution": begins alike and leaves out letters.
bool abbreviates(std::string_view brief, std::string_view full) {
  if (brief.size() > full.size() || brief.size() < 3) return brief == full;
  if (brief.front() != full.front()) return false;
  std::size_t found = 0;
  for (const char c : full)
    if (found < brief.size() && c == brief[found]) ++found;
  return found == brief.size();
}

// "bn" of "batch_norm".
bool are_initials(std::string_view brief, const std::vector<std::string_view>& words) {
  if (words.size() < 2 || brief.size() != words.size()) return false;
  return std::equal(brief.begin(), brief.end(), words.begin(),
                    [](char c, std::string_view word) { return c == word.front(); });
}

// Word for word, in either direction; or as a whole, "avgpool" of "average_pool", which has to end alike too.
bool is_abbreviation(std::string_view a, std::string_view b) {
  const std::vector<std::string_view> words_a = words_of(a), words_b = words_of(b);
  if (are_initials(a, words_b) || are_initials(b, words_a)) return true;
  if (words_a.size() == words_b.size() &&
      std::equal(words_a.begin(), words_a.end(), words_b.begin(),
                 [](std::string_view x, std::string_view y) { return abbreviates(x, y) || abbreviates(y, x); }))
    return true;
  const std::string full = without_joints(b);
  return words_a.size() == 1 && a.size() >= 5 && full.ends_with(a.back()) && abbreviates(a, full);
}

// Whether the words of one are among those of the other: "flip" of "horizontal_flip", "batch" of "batch_size". Gives
// how many are left over; 0: no.
std::size_t words_left_over(std::string_view a, std::string_view b) {
  std::vector<std::string_view> few = words_of(a), many = words_of(b);
  if (few.size() > many.size()) std::swap(few, many);
  const bool telling = std::any_of(few.begin(), few.end(), [](std::string_view word) { return word.size() >= 3; });
  const bool among = std::all_of(few.begin(), few.end(), [&](std::string_view word) {
    return std::find(many.begin(), many.end(), word) != many.end();
  });
  return telling && among ? many.size() - few.size() : 0;
}

// Lower is nearer; the second number tells candidates of one likeness apart.
std::pair<Likeness, std::size_t> likeness(const std::string& wanted, const std::string& candidate) {
  const std::string letters = without_joints(wanted);
  if (letters == without_joints(candidate)) return {Likeness::same_letters, wanted == candidate ? 0 : 1};
  if (is_usual_name(letters, candidate)) return {Likeness::usual_name, 0};
  const std::size_t longer = std::max(wanted.size(), candidate.size()),
                    shorter = std::min(wanted.size(), candidate.size());
  const std::size_t allowed = std::max<std::size_t>(1, (wanted.size() + 1) / 3);
  // A word of one letter is one edit away from every other.
  const std::size_t distance = longer - shorter > allowed ? longer : edit_distance(wanted, candidate);
  const bool slip = distance <= allowed && distance < longer;
  if (slip && distance == 1) return {Likeness::one_slip, 0};
  if (is_abbreviation(wanted, candidate)) return {Likeness::abbreviation, longer - shorter};
  if (slip) return {Likeness::slips, distance};
  if (const std::size_t left_over = words_left_over(wanted, candidate)) return {Likeness::shared_words, left_over};
  return {Likeness::none, 0};
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> candidates) {
  if (word.empty() || word.size() > longest_word) return std::nullopt;
  const std::string wanted = folded(word);
  std::pair<Likeness, std::size_t> best{Likeness::none, 0};
  std::size_t work = 0;
  const std::string* nearest = nullptr;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > longest_word) continue;
    work += word.size() * candidate.size();
    if (work > most_work) break;
    const auto found = likeness(wanted, folded(candidate));
    if (found < best) {
      best = found;
      nearest = &candidate;
    }
  }
  if (nearest == nullptr) return std::nullopt;
  return *nearest;
}

}  // namespace rxrun
