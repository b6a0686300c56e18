# frozen_string_literal: true

# PortusStack's own users (administrator, smoke check, Portus' hidden user) sign in by Portus' database while LDAP is on.
#
# Portus asks LDAP first, and a refusal ends the sign-in (2.4.3 lib/portus/ldap/errors.rb:33, 2.3.7 lib/portus/ldap.rb:51).
# Only bots skip LDAP, and whoever sends the parameter `account=portus` (lib/portus/ldap/configuration.rb:41, lib/portus/ldap.rb:100),
# who then gets in with a password that his directory took away from him long ago.
# Here the user who signs in decides, and nothing else that the request says.
module PortusStack
  # Who PortusStack's own users are, and what keeps them out of LDAP.
  module OwnUsers
    LIST = "/etc/portus-stack/own-users"
    HIDDEN_USER = "portus"

    # Whether signing in under this name would sign one of them in. The database knows no case and few accents: what counts
    # is the record that it finds, as Portus takes that one after LDAP's consent (lib/portus/ldap/login.rb:28).
    def self.include?(username)
      return false if username.blank?

      record = User.find_by(username: username)
      [username, record && record.username].compact.any? { |name| names.include?(name.to_s.downcase) }
    end

    def self.names
      @names ||= [HIDDEN_USER, *File.readlines(LIST).map(&:strip).reject(&:empty?)].map(&:downcase)
    end

    # Devise has found out who signs in before a strategy is asked; a parameter `user` beside Basic credentials is nobody.
    module Credentials
      protected

      def fill_user_params!
        super
        name = (authentication_hash || {})[:username]
        given = params[:user]
        return if name.nil? || (given.is_a?(Hash) && given[:username] == name)

        params[:user] = { username: name, password: password }
      end
    end

    # From 2.4 on: lib/portus/ldap/configuration.rb.
    module Account
      protected

      def check_account(_account)
        return super("") unless OwnUsers.include?(@username)

        @reason = "A user of PortusStack's own does not go through LDAP"
        false
      end
    end

    # Until 2.3: lib/portus/ldap.rb. Without a connection the next strategy is asked, which is the database.
    module Connection
      protected

      def load_configuration
        fill_user_params!
        return nil if params[:user].is_a?(Hash) && OwnUsers.include?(params[:user][:username])

        account = params.delete(:account)
        super
      ensure
        params[:account] = account unless account.nil?
      end
    end

    # What each of the modules above is put before.
    def self.places
      return { ::Portus::LDAP => [Credentials, Connection] } if ::Portus::LDAP.is_a?(Class)

      { ::Portus::LDAP::Authenticatable => [Credentials], ::Portus::LDAP::Configuration => [Account] }
    end

    # What this Portus lacks of what is built on here; nil for nothing.
    def self.missing
      return LIST unless File.readable?(LIST)
      return "Portus::LDAP" unless defined?(::Portus::LDAP)
      return "Portus::LDAP::Configuration" unless ::Portus::LDAP.is_a?(Class) || defined?(::Portus::LDAP::Configuration)

      places.each do |place, modules|
        modules.flat_map { |one| one.instance_methods.map { |name| one.instance_method(name) } }.each do |method|
          return "#{place}##{method.name}" unless there?(place, method)
        end
        return "#{place}#authentication_hash" if modules.include?(Credentials) && !place.method_defined?(:authentication_hash)
      end
      nil
    end

    def self.there?(place, method)
      (place.method_defined?(method.name) || place.private_method_defined?(method.name)) &&
        place.instance_method(method.name).arity == method.arity
    end
  end
end

if (missing = PortusStack::OwnUsers.missing)
  $stderr.puts "portus-stack: patch own_users does not fit this Portus: #{missing}"
else
  PortusStack::OwnUsers.places.each { |place, modules| modules.each { |one| place.prepend(one) } }
  $stderr.puts "portus-stack: patch own_users is on"
end
