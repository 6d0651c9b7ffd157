/** The login.config of a new instance. [instance 3.4] */
export const DEFAULT_LOGIN_CONFIG = `
apollo {

  // Restrict access by the client's address.
  org.apache.activemq.apollo.broker.security.SocketAddressLoginModule requisite
    //white_list_file="white-list.txt"
    black_list_file="black-list.txt"
    ;

  /* Clients may authenticate with a certificate. */
  org.apache.activemq.apollo.broker.security.CertificateLoginModule optional
    //dn_file="dn.yaml"
    ;

  org.apache.activemq.apollo.broker.security.FileUserLoginModule optional
    file="users.properties";

  org.apache.activemq.apollo.broker.security.FileGroupLoginModule optional
    match="org.apache.activemq.jaas.UserPrincipal"
    file="groups.properties";

  org.apache.activemq.apollo.broker.security.FileGroupLoginModule optional
    match="javax.security.auth.x500.X500Principal"
    file="groups.properties";

  //org.apache.activemq.apollo.broker.security.GuestLoginModule optional
  //  user="guest"
  //  group="guests";
};
`;
