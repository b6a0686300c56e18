# frozen_string_literal: true

# Portus 2.5 speaks to OpenID providers by an HTTP client that brings a list of CAs of its own (of 2016) and does not look
# at the image's, so that a provider of one's own is not trusted; and it asks for the scope `address`, which it never reads
# and many providers refuse (dex, Google). Here the CAs are the image's, and the scope is left out.
#
# Source: SUSE/Portus config/initializers/devise/oauth.rb (openid_connect_fetch_options) at v2.5; httpclient 2.8.3
# lib/httpclient/ssl_config.rb (load_cacerts); openid_connect 1.1.6 lib/openid_connect.rb (http_config).

module PortusStackOpenidConnect
  PROVIDER = :openid_connect
  NEVER_READ = "address"

  def self.missing
    absent = []
    absent << "OpenIDConnect.http_config" unless defined?(::OpenIDConnect) && ::OpenIDConnect.respond_to?(:http_config)
    absent << "Devise.omniauth_configs" unless Devise.respond_to?(:omniauth_configs)
    absent << "HTTPClient::SSLConfig#set_default_paths" unless default_paths?
    absent
  end

  def self.default_paths?
    defined?(::HTTPClient::SSLConfig) && ::HTTPClient::SSLConfig.method_defined?(:set_default_paths)
  end

  def self.mend
    ::OpenIDConnect.http_config { |client| client.ssl_config.set_default_paths }
    configured = Devise.omniauth_configs[PROVIDER]
    return unless configured && configured.options[:scope].is_a?(Array)

    configured.options[:scope] = configured.options[:scope].reject { |scope| scope.to_s == NEVER_READ }
  end
end

missing = PortusStackOpenidConnect.missing
if missing.empty?
  PortusStackOpenidConnect.mend
  $stderr.puts "portus-stack: patch openid_connect is on"
else
  $stderr.puts "portus-stack: patch openid_connect does not fit this Portus: #{missing.join(", ")}"
end
