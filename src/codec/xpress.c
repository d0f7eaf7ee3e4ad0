/* SPDX-License-Identifier: MIT */
/*
 * The format
 * ----------
 * A word of 32 flags, then the tokens that belong to them, then the next
 * word.  Flags are read from the highest bit down: 0 is a literal byte, 1 a
 * match, a 16-bit token with distance - 1 in its upper 13 bits and length - 3
 * in its lower 3.  A length field of 7 is continued by a nibble, 15 there by
 * a byte, 255 there by 16 bits, 0 there by 32 bits.  Two nibbles share one
 * byte: the first length to need one takes the low half and leaves the high
 * half to the next.
 *
 * Two loops
 * ---------
 * decode_fast goes from match to match: one turn copies the literals before
 * the next match and then that match, without a check per byte.  It runs while
 * a whole turn is sure to stay inside both buffers; decode_exact finishes
 * token by token.
 *
 * What one turn of decode_fast may touch, counted from its start:
 *
 *   input   The literals are read as TURN_LITERALS bytes, however few they
 *           are; at most 32 of them are used up, since a word has 32 flags.
 *           Behind them stands a flag word (4 bytes; the turn ends) or a token
 *           (2 bytes).  So TURN_INPUT = 32 + 4.  What continues a length is
 *           checked byte by byte against the end of the input.
 *   output  The literals are written as TURN_LITERALS bytes; before a match
 *           at most 31 of them count, since the match has a flag too.  A match
 *           of up to SHORT_MATCH bytes is written as exactly SHORT_MATCH.  So
 *           TURN_OUTPUT = 31 + 9.  Longer matches are cut to the room that is
 *           left and written by copy_match, which knows that room.
 *
 * The bytes written in excess are overwritten by later turns; the bounds keep
 * them inside the output.
 *
 * What the speed hangs on
 * -----------------------
 * Measured on the pages of a Linux guest.  A page has 331 matches and 708
 * literals on average; two thirds of the matches follow at most one literal,
 * and 85 of 100 are shorter than 10 bytes.
 *
 * - The next match is found with one bit scan, not by testing flags.
 * - The scan stands before the copy of the match.  On x86 it (bsr) waits for
 *   the old value of its target register; where the compiler had put match
 *   data there, every turn waited for memory and a third of the speed was lost.
 * - Matches are copied in words of 8 bytes.  Their source is often so recent
 *   that it is still in the store buffer, which does not serve wider loads.
 * - Long matches stay wide up to the last bytes of the output, since many
 *   pages end in one long match (a sixth of the speed).
 * - The state of decode_fast is in local variables, that is in registers.
 *
 * Not worth it: permission to touch bytes beyond the buffers, so that
 * decode_exact is not needed (2 to 5 %), and nibbles without a branch (0 to 2 %).
 */
#include "codec/xpress.h"

#include "base/bytes.h"

#include <string.h>

enum {
	FLAGS_PER_WORD = 32,
	FLAG_WORD_SIZE = 4,
	TOKEN_SIZE = 2,
	MATCH_LENGTH_MIN = 3,
	LENGTH_CONTINUED = 7,			/* in the token */
	NIBBLE_CONTINUED = 15,
	BYTE_CONTINUED = 255,
	SHORT_MATCH = LENGTH_CONTINUED - 1 + MATCH_LENGTH_MIN,	/* the longest without a nibble */
	MEDIUM_MATCH = 24,			/* the longest without a byte after the nibble */

	TURN_LITERALS = FLAGS_PER_WORD,
	TURN_INPUT = TURN_LITERALS + FLAG_WORD_SIZE,
	TURN_OUTPUT = TURN_LITERALS - 1 + SHORT_MATCH,
	WIDE_COPY_EXCESS = 15			/* what copy_match_wide may write too much */
};

struct decoder {
	const uint8_t *in;
	const uint8_t *in_end;
	uint8_t *out;
	const uint8_t *out_start;
	const uint8_t *out_end;
	/*
	 * The flag word one bit up, in bits 32 to 1; bit 0 is always set and
	 * stands for "no match left in this word".  Flags from flag_position
	 * up are used; decode_fast clears those of matches.
	 */
	uint64_t flags;
	unsigned flag_position;
	uint8_t nibble;
	bool nibble_waits;
};

static inline uint64_t flags_of_word(const uint8_t *word)
{
	return ((uint64_t)load_le32(word) << 1) | 1;
}

static inline unsigned highest_set_bit(uint64_t value)
{
#if defined(__GNUC__)
	return 63U ^ (unsigned)__builtin_clzll(value);
#else
	unsigned bit = 0;

	for (unsigned step = 32; step > 0; step /= 2) {
		if ((value >> step) != 0) {
			value >>= step;
			bit += step;
		}
	}
	return bit;
#endif
}

static inline void copy_8(uint8_t *to, const uint8_t *from)
{
	uint64_t bytes;

	memcpy(&bytes, from, sizeof(bytes));
	memcpy(to, &bytes, sizeof(bytes));
}

/*
 * The 8 bytes that continue a period of 1 to 7 bytes.  The load takes in
 * bytes that are not written yet; the mask removes them, and the multiplier
 * puts copies of the period side by side.
 */
static inline uint64_t repeat_period(const uint8_t *period_start, size_t period)
{
	static const struct {
		uint64_t mask;
		uint64_t multiplier;
	} periods[8] = {
		{ 0, 0 },
		{ 0xFF, 0x0101010101010101 },
		{ 0xFFFF, 0x0001000100010001 },
		{ 0xFFFFFF, 0x0001000001000001 },
		{ 0xFFFFFFFF, 0x0000000100000001 },
		{ 0xFFFFFFFFFF, 0x0000010000000001 },
		{ 0xFFFFFFFFFFFF, 0x0001000000000001 },
		{ 0xFFFFFFFFFFFFFF, 0x0100000000000001 },
	};

	return (load_le64(period_start) & periods[period].mask) * periods[period].multiplier;
}

static inline void copy_match_bytes(uint8_t *out, size_t distance, size_t length)
{
	const uint8_t *match = out - distance;

	for (size_t i = 0; i < length; i++)
		out[i] = match[i];
}

/* Length is at least 1; up to WIDE_COPY_EXCESS bytes more are written. */
static inline void copy_match_wide(uint8_t *out, size_t distance, size_t length)
{
	/* The least multiple of each short period that 8-byte copies may use. */
	static const uint8_t wide_distance[8] = { 0, 8, 8, 9, 8, 10, 12, 14 };
	const uint8_t *end = out + length;

	if (distance < 8) {
		store_le64(out, repeat_period(out - distance, distance));
		out += 8;
		distance = wide_distance[distance];
	}
	while (out < end) {
		copy_8(out, out - distance);
		copy_8(out + 8, out + 8 - distance);
		out += 16;
	}
}

/* Copies a match that fits into room, the bytes left in the output. */
static inline void copy_match(uint8_t *out, size_t distance, size_t length, size_t room)
{
	size_t wide_length = length;

	if (distance == 1) {
		memset(out, out[-1], length);
		return;
	}
	if (room - length < WIDE_COPY_EXCESS)
		wide_length = length > WIDE_COPY_EXCESS ? length - WIDE_COPY_EXCESS : 0;
	if (wide_length > 0)
		copy_match_wide(out, distance, wide_length);
	copy_match_bytes(out + wide_length, distance, length - wide_length);
}

static inline bool take_number(struct decoder *decoder, unsigned size, uint32_t *out)
{
	const uint8_t *in = decoder->in;

	if ((size_t)(decoder->in_end - in) < size)
		return false;
	*out = size == 1 ? in[0] : size == 2 ? load_le16(in) : load_le32(in);
	decoder->in += size;
	return true;
}

static inline bool take_nibble(struct decoder *decoder, uint32_t *out)
{
	uint32_t byte;

	if (decoder->nibble_waits) {
		*out = decoder->nibble;
		decoder->nibble_waits = false;
		return true;
	}
	if (!take_number(decoder, 1, &byte))
		return false;
	*out = byte & 15;
	decoder->nibble = (uint8_t)(byte >> 4);
	decoder->nibble_waits = true;
	return true;
}

/*
 * The length of a match whose token says LENGTH_CONTINUED, cut to what is
 * left of the output.
 */
static inline bool take_long_length(struct decoder *decoder, size_t *out)
{
	const uint32_t in_nibble = MATCH_LENGTH_MIN + LENGTH_CONTINUED;
	const uint32_t in_byte = in_nibble + NIBBLE_CONTINUED;
	size_t room = (size_t)(decoder->out_end - decoder->out);
	uint64_t length;
	uint32_t number;

	if (!take_nibble(decoder, &number))
		return false;
	length = (uint64_t)in_nibble + number;
	if (number == NIBBLE_CONTINUED) {
		if (!take_number(decoder, 1, &number))
			return false;
		length = (uint64_t)in_byte + number;
		if (number == BYTE_CONTINUED) {
			if (!take_number(decoder, 2, &number) ||
			    (number == 0 && !take_number(decoder, 4, &number)))
				return false;
			/* Wide numbers hold length - 3 itself; they must not be too small. */
			length = (uint64_t)number + MATCH_LENGTH_MIN;
			if (length < in_byte)
				return false;
		}
	}
	*out = length < room ? (size_t)length : room;
	return true;
}

/* A match whose token says LENGTH_CONTINUED. */
static bool decode_long_match(struct decoder *decoder, size_t distance)
{
	uint8_t *out = decoder->out;
	size_t room = (size_t)(decoder->out_end - out);
	size_t length;

	if (!take_long_length(decoder, &length))
		return false;
	if (length <= MEDIUM_MATCH && distance >= 8 && room >= MEDIUM_MATCH) {
		copy_8(out, out - distance);
		copy_8(out + 8, out + 8 - distance);
		copy_8(out + 16, out + 16 - distance);
	} else {
		copy_match(out, distance, length, room);
	}
	decoder->out += length;
	return true;
}

/*
 * Decodes as far as whole turns are safe.  False if the data is found bad.
 * Long matches, one in seven, work on the decoder itself.
 */
static bool decode_fast(struct decoder *decoder)
{
	const uint8_t *last_in = decoder->in_end - TURN_INPUT;
	const uint8_t *last_out = decoder->out_end - TURN_OUTPUT;
	const uint8_t *in = decoder->in;
	uint8_t *out = decoder->out;
	uint64_t flags = decoder->flags;
	unsigned flag_position = decoder->flag_position;
	unsigned next_match = highest_set_bit(flags);

	while (in <= last_in && out <= last_out) {
		unsigned literals = flag_position - next_match - 1;
		uint32_t token;
		size_t distance;

		memcpy(out, in, TURN_LITERALS);
		in += literals;
		out += literals;
		if (next_match == 0) {
			flags = flags_of_word(in);
			in += FLAG_WORD_SIZE;
			flag_position = FLAGS_PER_WORD + 1;
			next_match = highest_set_bit(flags);
			continue;
		}
		flags ^= (uint64_t)1 << next_match;
		flag_position = next_match;
		next_match = highest_set_bit(flags);

		token = load_le16(in);
		in += TOKEN_SIZE;
		distance = (token >> 3) + 1;
		if (distance > (size_t)(out - decoder->out_start))
			return false;
		if ((token & 7) == LENGTH_CONTINUED) {
			decoder->in = in;
			decoder->out = out;
			if (!decode_long_match(decoder, distance))
				return false;
			in = decoder->in;
			out = decoder->out;
			continue;
		}
		if (distance >= 8)
			copy_8(out, out - distance);
		else
			store_le64(out, repeat_period(out - distance, distance));
		out[8] = *(out + 8 - distance);
		out += (token & 7) + MATCH_LENGTH_MIN;
	}
	decoder->in = in;
	decoder->out = out;
	decoder->flags = flags;
	decoder->flag_position = flag_position;
	return true;
}

/* One match, with every bound checked. */
static bool decode_exact_match(struct decoder *decoder)
{
	size_t room = (size_t)(decoder->out_end - decoder->out);
	size_t distance;
	size_t length;
	uint32_t token;

	if (!take_number(decoder, TOKEN_SIZE, &token))
		return false;
	distance = (token >> 3) + 1;
	if (distance > (size_t)(decoder->out - decoder->out_start))
		return false;
	length = (token & 7) + MATCH_LENGTH_MIN;
	if ((token & 7) == LENGTH_CONTINUED && !take_long_length(decoder, &length))
		return false;
	if (length > room)
		length = room;
	copy_match(decoder->out, distance, length, room);
	decoder->out += length;
	return true;
}

static bool decode_exact(struct decoder *decoder)
{
	while (decoder->out < decoder->out_end) {
		if (decoder->flag_position == 1) {
			if (decoder->in_end - decoder->in < FLAG_WORD_SIZE)
				return false;
			decoder->flags = flags_of_word(decoder->in);
			decoder->in += FLAG_WORD_SIZE;
			decoder->flag_position = FLAGS_PER_WORD + 1;
		}
		decoder->flag_position--;
		if (((decoder->flags >> decoder->flag_position) & 1) != 0) {
			if (!decode_exact_match(decoder))
				return false;
		} else {
			if (decoder->in == decoder->in_end)
				return false;
			*decoder->out++ = *decoder->in++;
		}
	}
	return true;
}

bool xpress_decode(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	struct decoder decoder = {
		.in = in,
		.in_end = in + in_size,
		.out = out,
		.out_start = out,
		.out_end = out + out_size,
		.flags = 1,
		.flag_position = 1,
	};

	if (in_size >= TURN_INPUT && out_size >= TURN_OUTPUT && !decode_fast(&decoder))
		return false;
	return decode_exact(&decoder);
}
