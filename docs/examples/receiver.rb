require 'json'
require 'openssl'

# Whether a webhook is genuine. body is the request's body as it came.
def verify(secret, id, timestamp, signatures, body)
  return false unless id && signatures && timestamp&.match?(/\A\d+\z/)
  return false if (Time.now.to_i - timestamp.to_i).abs > 300

  key = secret.delete_prefix('whsec_').unpack1('m')
  digest = OpenSSL::HMAC.digest('SHA256', key, "#{id}.#{timestamp}.#{body}")
  expected = "v1,#{[digest].pack('m0')}"
  signatures.split.any? { |entry| OpenSSL.secure_compare(expected, entry) }
end

# A Rack application: `run Receiver` in config.ru. In Rails, request.raw_post and request.headers have the same.
Receiver = lambda do |env|
  body = env['rack.input'].read
  headers = env.values_at('HTTP_WEBHOOK_ID', 'HTTP_WEBHOOK_TIMESTAMP', 'HTTP_WEBHOOK_SIGNATURE')
  next [400, {}, []] unless verify(ENV.fetch('WEBHOOK_SECRET'), *headers, body)

  puts "#{headers.first} #{JSON.parse(body)['type']}"
  [204, {}, []]
end
