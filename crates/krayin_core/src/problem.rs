//! What is wrong with the settings: a stable code with its parameters, and a clause for people.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    coded::{Parameter, Whole, coded, words},
    language::Language,
};

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A text.
    Text,
    /// Yes or no.
    Toggle,
    /// The number of a record in Krayin.
    Id,
    /// A stage.
    Stage,
    /// A list of texts.
    Texts,
    /// One of the choices.
    Choice,
    /// A locale.
    Language,
    /// Lines that map attributes.
    Mapping,
    /// Rules for stages.
    StageRules,
    /// Lines for leads' sources.
    LeadSources,
    /// A country's two letters.
    Country,
    /// A number of seconds.
    Seconds,
    /// What the set-up stored.
    Traits,
}

impl Wanted {
    /// The same for people, after "must be".
    pub fn words(self, language: Language) -> &'static str {
        let [en, pt, es] = match self {
            Self::Text => ["text", "um texto", "un texto"],
            Self::Toggle => ["true or false", "sim ou não", "sí o no"],
            Self::Id => [
                "the number of a record in Krayin",
                "o número de um registro no Krayin",
                "el número de un registro en Krayin",
            ],
            Self::Stage => [
                "a stage's id, code or name",
                "o id, o código ou o nome de uma etapa",
                "el id, el código o el nombre de una etapa",
            ],
            Self::Texts => ["a list of texts", "uma lista de textos", "una lista de textos"],
            Self::Choice => ["one of its choices", "uma das opções", "una de las opciones"],
            Self::Language => {
                ["a language, such as en, pt or es", "um idioma, como en, pt ou es", "un idioma, como en, pt o es"]
            }
            Self::Mapping => [
                "lines such as lead.website = website: an entity, an attribute of Krayin's, and a key of the contact's",
                "linhas como lead.website = website: uma entidade, um atributo do Krayin e uma chave do contato",
                "líneas como lead.website = website: una entidad, un atributo de Krayin y una clave del contacto",
            ],
            Self::StageRules => [
                "rules such as label vip -> Negotiation: a cause, and the stage's name; docs/administrators.md lists the causes",
                "regras como label vip -> Negociação: uma causa e o nome da etapa; docs/administrators.md lista as causas",
                "reglas como label vip -> Negociación: una causa y el nombre de la etapa; docs/administrators.md enumera las causas",
            ],
            Self::LeadSources => [
                "lines such as inbox Web shop = Shop or channel WhatsApp = WhatsApp: an inbox or a channel, and the source's name",
                "linhas como inbox Loja = Loja ou channel WhatsApp = WhatsApp: uma caixa de entrada ou um canal, e o nome da origem",
                "líneas como inbox Tienda = Tienda o channel WhatsApp = WhatsApp: una bandeja de entrada o un canal, y el nombre del origen",
            ],
            Self::Country => [
                "the two letters of a country, such as DE",
                "as duas letras de um país, como DE",
                "las dos letras de un país, como DE",
            ],
            Self::Seconds => [
                "a number of seconds, at most 3600",
                "um número de segundos, no máximo 3600",
                "un número de segundos, como máximo 3600",
            ],
            Self::Traits => {
                ["what the set-up stored", "o que a configuração guardou", "lo que guardó la configuración"]
            }
        };
        language.of_three(en, pt, es)
    }
}

coded! {
/// One thing that keeps the settings from being used. As JSON `{"code": "file_missing", "key": "ca_file"}`: codes and
/// parameters stay as they are from version to version. Names keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Problem {
    /// They are no JSON.
    NotJson,
    /// They are no object of keys and values.
    NotAnObject,
    /// There is no address.
    AddressMissing,
    /// There is no token.
    TokenMissing,
    /// The address is none.
    AddressWrong,
    /// The address is not one of http, or names no host.
    AddressWithoutHost,
    /// The address has a user, a query or a fragment.
    AddressWithMore,
    /// The token would go over the network in the open.
    AddressInTheOpen,
    /// The address is one of a private network.
    AddressPrivate,
    /// The token is not one word of plain characters.
    TokenWrong,
    /// A value is not of its key's kind.
    ValueWrong {
        /// Which key.
        key: String,
        /// What it must be.
        wanted: Wanted,
        /// The words that it may be, where they can be listed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        choices: Vec<String>,
    },
    /// The lead policy goes by a list that is not there.
    ListMissing {
        /// The list's key.
        key: String,
        /// The policy.
        policy: String,
    },
    /// Two lines of the mapping are of one attribute, or the sync fills it already.
    MappedTwice {
        /// `lead.website`
        attribute: String,
    },
    /// The mapping names an attribute that Krayin does not have.
    MappedUnknown {
        /// `lead.website`
        attribute: String,
    },
    /// The mapping fills an attribute of a Krayin whose API does not tell which it has.
    MappedUntold {
        /// `lead.website`
        attribute: String,
    },
    /// The mapping takes what Chatwoot does not have.
    MappedSource {
        /// `conversation.mood`
        source: String,
    },
    /// The mapping makes a line of the description of what is a conversation's.
    MappedLine {
        /// `conversation.priority`
        source: String,
    },
    /// The mapping has both ways what goes one way alone.
    MappedOneWay {
        /// `lead.website`
        attribute: String,
    },
    /// The mapping names an attribute that holds nothing that a contact could have.
    MappedUnfillable {
        /// `lead.website`
        attribute: String,
    },
    /// No stage is known in which a lead could begin.
    DefaultStageMissing,
    /// Krayin has no pipeline.
    PipelineMissing,
    /// Krayin's pipeline has no stage.
    StageMissing,
    /// The token's user does not see all records.
    UserSeesNotAll,
    /// A file is not there.
    FileMissing {
        /// Which key names it.
        key: String,
    },
    /// The process may not read a file.
    FileForbidden {
        /// Which key names it.
        key: String,
    },
    /// What is there cannot be read as a file.
    FileUnreadable {
        /// Which key names it.
        key: String,
    },
    /// A folder is not there, or may not be read.
    FolderUnreadable {
        /// Which key names it.
        key: String,
    },
    /// A file or folder holds no certificate.
    NoCertificate {
        /// Which key names it.
        key: String,
    },
    /// A certificate is there without its key.
    ClientKeyMissing,
    /// A key is there without its certificate.
    ClientCertificateMissing,
    /// The key is locked by a passphrase.
    ClientKeyLocked,
    /// The file holds no key.
    ClientKeyUnreadable,
    /// The key is not that of the certificate.
    ClientKeyForeign,
    /// Certificate and key cannot be used.
    ClientPairUnreadable,
    /// The proxy's address is none.
    ProxyWrong,
    /// The proxy's address cannot be used.
    ProxyUnusable,
    /// The authority that was given is no certificate.
    AuthorityUnreadable,
    /// The machine has no certificates of authorities.
    NoAuthorities,
    /// There is no hook.
    HookMissing,
    /// `config.headers` gives no hash.
    HeadersWrong,
    /// `config.headers` has a name that is none of a header.
    HeaderNameWrong,
    /// `config.headers` has a header that is the gem's own.
    HeaderReserved {
        /// Its name.
        header: String,
    },
    /// `config.headers` has a value that no header can have.
    HeaderValueWrong {
        /// The header's name.
        header: String,
    },
    /// The metrics' token is too short.
    MetricsTokenShort,
}
}

impl Whole for Problem {
    fn of(given: &Map<String, Value>) -> Option<Self> {
        Self::of_code(given)
    }
}

impl Parameter for Problem {
    fn read(value: &Value) -> Option<Self> {
        Self::of_code(value.as_object()?)
    }
}

words!(Wanted);

impl Problem {
    /// Its code.
    pub fn code(&self) -> String {
        let json = serde_json::to_value(self).unwrap_or_default();
        json.get("code").and_then(|code| code.as_str()).unwrap_or_default().to_owned()
    }

    /// What is wrong, without a full stop, and where it can be told what to do.
    pub fn clause(&self, language: Language) -> Cow<'static, str> {
        let [en, pt, es] = self.clauses();
        language.of_three(en, pt, es)
    }

    fn clauses(&self) -> [Cow<'static, str>; 3] {
        match self {
            Self::NotJson => fixed("they are not JSON", "não são JSON", "no son JSON"),
            Self::NotAnObject => fixed(
                "they must be an object of keys and values",
                "devem ser um objeto de chaves e valores",
                "deben ser un objeto de claves y valores",
            ),
            Self::AddressMissing => fixed("api_url is missing", "falta api_url", "falta api_url"),
            Self::TokenMissing => fixed("api_token is missing", "falta api_token", "falta api_token"),
            Self::AddressWrong => fixed(
                "api_url must be an address such as https://crm.example.com/api/v1",
                "api_url deve ser um endereço como https://crm.example.com/api/v1",
                "api_url debe ser una dirección como https://crm.example.com/api/v1",
            ),
            Self::AddressWithoutHost => fixed(
                "api_url must begin with https:// and name a host",
                "api_url deve começar com https:// e indicar um host",
                "api_url debe empezar por https:// e indicar un host",
            ),
            Self::AddressWithMore => fixed(
                "api_url must have no user, query or fragment: the token has a key of its own",
                "api_url não deve ter usuário, consulta nem fragmento: o token tem chave própria",
                "api_url no debe tener usuario, consulta ni fragmento: el token tiene su propia clave",
            ),
            Self::AddressInTheOpen => fixed(
                "api_url must begin with https://: the token would go over the network in the open",
                "api_url deve começar com https://: o token passaria pela rede sem proteção",
                "api_url debe empezar por https://: el token pasaría por la red sin protección",
            ),
            Self::AddressPrivate => fixed(
                "api_url has a private address, which this installation does not allow (KRAYIN_SYNC_ALLOWED_HOSTS)",
                "api_url tem um endereço privado, que esta instalação não permite (KRAYIN_SYNC_ALLOWED_HOSTS)",
                "api_url tiene una dirección privada, que esta instalación no permite (KRAYIN_SYNC_ALLOWED_HOSTS)",
            ),
            Self::TokenWrong => fixed(
                "api_token must be one word of plain characters, as Krayin shows it",
                "api_token deve ser uma só palavra de caracteres simples, como o Krayin a mostra",
                "api_token debe ser una sola palabra de caracteres simples, como la muestra Krayin",
            ),
            Self::ValueWrong { key, wanted, choices } => {
                let wanted = |language: Language, or: &str| match wanted {
                    Wanted::Choice if !choices.is_empty() => choices.join(or),
                    _ => wanted.words(language).to_owned(),
                };
                [
                    format!("{key} must be {}", wanted(Language::En, " or ")).into(),
                    format!("{key} deve ser {}", wanted(Language::Pt, " ou ")).into(),
                    format!("{key} debe ser {}", wanted(Language::Es, " o ")).into(),
                ]
            }
            Self::ListMissing { key, policy } => [
                format!("{key} is missing: lead_policy is {policy}").into(),
                format!("falta {key}: lead_policy é {policy}").into(),
                format!("falta {key}: lead_policy es {policy}").into(),
            ],
            Self::MappedTwice { attribute } => [
                format!("field_mapping has {attribute} twice, or the sync fills it already").into(),
                format!("field_mapping tem {attribute} duas vezes, ou a sincronização já o preenche").into(),
                format!("field_mapping tiene {attribute} dos veces, o la sincronización ya lo rellena").into(),
            ],
            Self::MappedUnknown { attribute } => [
                format!("field_mapping has {attribute}, which Krayin does not have: create the attribute under Settings, Attributes, then connect again").into(),
                format!("field_mapping tem {attribute}, que o Krayin não tem: crie o atributo em Configurações, Atributos, e conecte de novo").into(),
                format!("field_mapping tiene {attribute}, que Krayin no tiene: cree el atributo en Ajustes, Atributos, y conecte de nuevo").into(),
            ],
            Self::MappedUntold { attribute } => [
                format!("field_mapping has {attribute}, and this Krayin's API does not tell which attributes there are and of which types: only lines of lead.description can be mapped there").into(),
                format!("field_mapping tem {attribute}, e a API deste Krayin não diz que atributos existem nem de que tipos: lá só se podem mapear linhas de lead.description").into(),
                format!("field_mapping tiene {attribute}, y la API de este Krayin no dice qué atributos hay ni de qué tipos: allí solo se pueden asignar líneas de lead.description").into(),
            ],
            Self::MappedSource { source } => [
                format!("field_mapping has {source}, which Chatwoot does not have: take one of those that docs/administrators.md lists").into(),
                format!("field_mapping tem {source}, que o Chatwoot não tem: use um dos que docs/administrators.md lista").into(),
                format!("field_mapping tiene {source}, que Chatwoot no tiene: use uno de los que enumera docs/administrators.md").into(),
            ],
            Self::MappedLine { source } => [
                format!("field_mapping has {source} as a line of the description, where only what is the contact's own can be: map it to an attribute").into(),
                format!("field_mapping tem {source} como linha da descrição, onde só cabe o que é do próprio contato: mapeie-o para um atributo").into(),
                format!("field_mapping tiene {source} como línea de la descripción, donde solo cabe lo que es del propio contacto: asígnelo a un atributo").into(),
            ],
            Self::MappedOneWay { attribute } => [
                format!("field_mapping has {attribute} both ways, which goes one way alone, with =: both ways go a lead's and a person's texts, prices, dates, yes/no and choices (of several where no name has a comma), each with a custom attribute of the contact's, where Krayin's answers show them").into(),
                format!("field_mapping tem {attribute} nos dois sentidos, que só vai em um, com =: nos dois vão textos, preços, datas, sim/não e escolhas (de várias onde nenhum nome tem vírgula) do lead e da pessoa, cada um com um atributo personalizado do contato, onde as respostas do Krayin os mostram").into(),
                format!("field_mapping tiene {attribute} en ambos sentidos, que solo va en uno, con =: en ambos van textos, precios, fechas, sí/no y elecciones (de varias donde ningún nombre tiene coma) del lead y de la persona, cada uno con un atributo personalizado del contacto, donde las respuestas de Krayin los muestran").into(),
            ],
            Self::MappedUnfillable { attribute } => [
                format!("field_mapping has {attribute}, whose type cannot be filled: Krayin takes images and files as uploads alone").into(),
                format!("field_mapping tem {attribute}, cujo tipo não pode ser preenchido: o Krayin só aceita imagens e arquivos por upload").into(),
                format!("field_mapping tiene {attribute}, cuyo tipo no se puede rellenar: Krayin solo acepta imágenes y archivos subidos").into(),
            ],
            Self::DefaultStageMissing => fixed(
                "default_stage_id is missing: run the set-up, or set lead_pipeline_stage_id",
                "falta default_stage_id: execute a configuração, ou defina lead_pipeline_stage_id",
                "falta default_stage_id: ejecute la configuración, o defina lead_pipeline_stage_id",
            ),
            Self::PipelineMissing => fixed(
                "Krayin has no pipeline: create one there, then connect again",
                "o Krayin não tem nenhum funil: crie um lá e conecte de novo",
                "Krayin no tiene ningún embudo: cree uno allí y conecte de nuevo",
            ),
            Self::StageMissing => fixed(
                "Krayin's pipeline has no stage: create one there, then connect again",
                "o funil do Krayin não tem nenhuma etapa: crie uma lá e conecte de novo",
                "el embudo de Krayin no tiene ninguna etapa: cree una allí y conecte de nuevo",
            ),
            Self::UserSeesNotAll => fixed(
                "the token's user in Krayin has no global view permission, without which searches fail: set it under Settings, Users",
                "o usuário do token no Krayin não tem a permissão de visualização global, sem a qual as buscas falham: defina-a em Configurações, Usuários",
                "el usuario del token en Krayin no tiene el permiso de vista global, sin el cual fallan las búsquedas: defínalo en Ajustes, Usuarios",
            ),
            Self::FileMissing { key } => of_key(
                key,
                ["names a file that is not there", "indica um arquivo que não existe", "indica un archivo que no existe"],
            ),
            Self::FileForbidden { key } => of_key(
                key,
                [
                    "names a file that this process may not read",
                    "indica um arquivo que este processo não pode ler",
                    "indica un archivo que este proceso no puede leer",
                ],
            ),
            Self::FileUnreadable { key } => of_key(
                key,
                [
                    "names what cannot be read as a file",
                    "indica algo que não pode ser lido como arquivo",
                    "indica algo que no se puede leer como archivo",
                ],
            ),
            Self::FolderUnreadable { key } => of_key(
                key,
                [
                    "names a folder that is not there or may not be read",
                    "indica uma pasta que não existe ou não pode ser lida",
                    "indica una carpeta que no existe o no se puede leer",
                ],
            ),
            Self::NoCertificate { key } => of_key(
                key,
                ["holds no certificate in PEM", "não contém certificado em PEM", "no contiene ningún certificado en PEM"],
            ),
            Self::ClientKeyMissing => fixed(
                "client_key is missing: client_certificate needs its key",
                "falta client_key: client_certificate precisa da sua chave",
                "falta client_key: client_certificate necesita su clave",
            ),
            Self::ClientCertificateMissing => fixed(
                "client_certificate is missing: client_key is of no use without it",
                "falta client_certificate: sem ele client_key não serve",
                "falta client_certificate: sin él client_key no sirve",
            ),
            Self::ClientKeyLocked => fixed(
                "client_key has a passphrase: give a file without one",
                "client_key tem uma senha: indique um arquivo sem senha",
                "client_key tiene una contraseña: indique un archivo sin ella",
            ),
            Self::ClientKeyUnreadable => fixed(
                "client_key holds no private key in PEM",
                "client_key não contém chave privada em PEM",
                "client_key no contiene ninguna clave privada en PEM",
            ),
            Self::ClientKeyForeign => fixed(
                "client_key is not the key of client_certificate",
                "client_key não é a chave de client_certificate",
                "client_key no es la clave de client_certificate",
            ),
            Self::ClientPairUnreadable => fixed(
                "client_certificate or client_key cannot be read",
                "client_certificate ou client_key não pode ser lido",
                "client_certificate o client_key no se puede leer",
            ),
            Self::ProxyWrong => fixed(
                "proxy (or HTTPS_PROXY) must be an address such as http://proxy.example.com:3128",
                "proxy (ou HTTPS_PROXY) deve ser um endereço como http://proxy.example.com:3128",
                "proxy (o HTTPS_PROXY) debe ser una dirección como http://proxy.example.com:3128",
            ),
            Self::ProxyUnusable => fixed(
                "proxy (or HTTPS_PROXY) cannot be used",
                "proxy (ou HTTPS_PROXY) não pode ser usado",
                "proxy (o HTTPS_PROXY) no se puede usar",
            ),
            Self::AuthorityUnreadable => fixed(
                "the certificate authority is not PEM",
                "a autoridade certificadora não está em PEM",
                "la autoridad de certificación no está en PEM",
            ),
            Self::NoAuthorities => fixed(
                "the HTTP client cannot start: are the machine's CA certificates installed?",
                "o cliente HTTP não pode iniciar: os certificados de autoridades da máquina estão instalados?",
                "el cliente HTTP no puede arrancar: ¿están instalados los certificados de autoridades de la máquina?",
            ),
            Self::HookMissing => fixed(
                "there is no Krayin hook: connect Krayin under Settings, Integrations",
                "não há integração com o Krayin: conecte-o em Configurações, Integrações",
                "no hay integración con Krayin: conéctelo en Ajustes, Integraciones",
            ),
            Self::HeadersWrong => fixed(
                "config.headers must be a hash, or give one",
                "config.headers deve ser um hash, ou devolver um",
                "config.headers debe ser un hash, o devolver uno",
            ),
            Self::HeaderNameWrong => fixed(
                "config.headers has a name that is none of a header: letters, digits and dashes",
                "config.headers tem um nome que não é de cabeçalho: letras, dígitos e hifens",
                "config.headers tiene un nombre que no es de cabecera: letras, dígitos y guiones",
            ),
            Self::HeaderReserved { header } => [
                format!("config.headers cannot set {header}: it is krayin_sync's own. Leave it out").into(),
                format!("config.headers não pode definir {header}: é do próprio krayin_sync. Deixe-o de fora").into(),
                format!("config.headers no puede definir {header}: es del propio krayin_sync. Déjelo fuera").into(),
            ],
            Self::HeaderValueWrong { header } => [
                format!("config.headers has a value for {header} that no header can have: printable ASCII without line breaks, at most 4096 characters").into(),
                format!("config.headers tem para {header} um valor que nenhum cabeçalho pode ter: ASCII imprimível sem quebras de linha, no máximo 4096 caracteres").into(),
                format!("config.headers tiene para {header} un valor que ninguna cabecera puede tener: ASCII imprimible sin saltos de línea, como máximo 4096 caracteres").into(),
            ],
            Self::MetricsTokenShort => fixed(
                "the metrics need a token of 16 letters or more: set one",
                "as métricas precisam de um token de 16 letras ou mais: defina um",
                "las métricas necesitan un token de 16 letras o más: defina uno",
            ),
        }
    }
}

fn fixed(en: &'static str, pt: &'static str, es: &'static str) -> [Cow<'static, str>; 3] {
    [en.into(), pt.into(), es.into()]
}

fn of_key(key: &str, words: [&str; 3]) -> [Cow<'static, str>; 3] {
    words.map(|words| format!("{key} {words}").into())
}

#[cfg(test)]
mod tests {
    use super::{Problem, Wanted};
    use crate::language::Language;

    #[test]
    fn is_the_same_after_it_was_kept_and_said_in_three_languages() {
        let key = || "lead_type_id".to_owned();
        let choices = vec!["keep".to_owned(), "erase".to_owned()];
        for problem in [
            Problem::AddressPrivate,
            Problem::ValueWrong { key: key(), wanted: Wanted::Id, choices: Vec::new() },
            Problem::ValueWrong { key: key(), wanted: Wanted::Choice, choices },
            Problem::MappedUnknown { attribute: "lead.plan".into() },
            Problem::MappedUntold { attribute: "lead.plan".into() },
            Problem::MappedOneWay { attribute: "lead.plan".into() },
            Problem::MappedUnfillable { attribute: "lead.plan".into() },
            Problem::NoCertificate { key: "ca_file".into() },
        ] {
            let json = serde_json::to_string(&problem).unwrap();
            assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem, "{json}");
            let mut said = [Language::En, Language::Pt, Language::Es].map(|language| problem.clause(language));
            said.sort();
            assert!(said.windows(2).all(|pair| pair[0] != pair[1]) && !said[0].ends_with('.'), "{said:?}");
        }
        let wrong = Problem::ValueWrong { key: key(), wanted: Wanted::Id, choices: Vec::new() };
        assert_eq!(wrong.code(), "value_wrong");
        assert_eq!(
            serde_json::to_string(&wrong).unwrap(),
            r#"{"code":"value_wrong","key":"lead_type_id","wanted":"id"}"#
        );
        assert_eq!(wrong.clause(Language::En), "lead_type_id must be the number of a record in Krayin");
        assert_eq!(wrong.clause(Language::Es), "lead_type_id debe ser el número de un registro en Krayin");
    }
}
